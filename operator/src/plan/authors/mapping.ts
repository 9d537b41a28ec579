import type { Person } from '../person.ts'

/** Key under which users stand whose names cannot be keys of a ConfigMap, a line each: `USER = Name <address>`. */
const LINES = 'users.txt'

const PERSON = /^\s*([^<>\p{Cc}]*[^<>.,:;"'\\\p{Z}\p{Cc}][^<>\p{Cc}]*?)\s*<([^<>\p{Z}\p{Cc}]+)>\s*$/u

/**
 * Reads names and addresses by user from the data of a ConfigMap.
 * @returns what is wrong with it, naming the key or line, where something is
 */
export function readMapping(data: Readonly<Record<string, unknown>>): {
  readonly people: ReadonlyMap<string, Person>
  readonly problem?: string
} {
  const people = new Map<string, Person>()
  const entries: (readonly [where: string, user: string, text: string])[] = []
  for (const [key, value] of Object.entries(data)) {
    const text = String(value)
    if (key !== LINES) {
      entries.push([`key ${key}`, key, text])
      continue
    }
    for (const [index, line] of text.split('\n').entries()) {
      if (/^\s*(#|$)/.test(line)) continue
      const [, user = '', person = ''] = /^\s*(.*?)\s+=\s+(.*)$/.exec(line) ?? []
      entries.push([`${LINES}, line ${index + 1}`, user, person])
    }
  }
  for (const [where, user, text] of entries) {
    const [, name, email] = PERSON.exec(text) ?? []
    if (user === '' || name === undefined || email === undefined)
      return {
        people,
        problem: `${where} is not of the form ${where.startsWith('key') ? '' : 'USER = '}Name <address>`,
      }
    people.set(user, { name, email })
  }
  return { people }
}
