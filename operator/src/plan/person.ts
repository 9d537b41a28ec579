/** Who made a change, as a commit says it. */
export interface Person {
  readonly name: string
  readonly email: string
}

/** Who commits where no spec names another. */
export const OPERATOR: Person = { name: 'gitsync-operator', email: 'gitsync-operator@noreply.invalid' }

export const samePerson = (a: Person, b: Person): boolean => a.name === b.name && a.email === b.email

/** Whether a text is part of `Ann <ann@example.com>`, whatever the case. */
export const isCalled = ({ name, email }: Person, text: string): boolean =>
  `${name} <${email}>`.toLowerCase().includes(text.toLowerCase())
