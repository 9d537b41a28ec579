/** Who made a change, as a commit says it. */
export interface Person {
  readonly name: string
  readonly email: string
}

export const samePerson = (a: Person, b: Person): boolean => a.name === b.name && a.email === b.email
