import type { Person } from '../person.ts'

/** Key under which users stand whose names cannot be keys of a ConfigMap, a line each: `USER = Name <address>`. */
const LINES = 'users.txt'

/** One letter at least: Git has no names of punctuation alone. */
const NAME = /[^.,:;"'\\\p{Z}\p{Cc}]/u
const NEVER_IN_NAME = /[<>\p{Cc}]/u
const NEVER_IN_ADDRESS = /[<>\p{Z}\p{Cc}]/u

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
      const at = line.search(/\s=\s/)
      const [user, person] = at < 0 ? ['', ''] : [line.slice(0, at).trim(), line.slice(at + 3)]
      entries.push([`${LINES}, line ${index + 1}`, user, person])
    }
  }
  for (const [where, user, text] of entries) {
    const person = personOf(text.trim())
    if (user === '' || person === undefined)
      return {
        people,
        problem: `${where} is not of the form ${where.startsWith('key') ? '' : 'USER = '}Name <address>`,
      }
    people.set(user, person)
  }
  return { people }
}

/** Not by one pattern: in a text of some kilobytes it would look for the name in as many ways as there are places, cubed. */
function personOf(text: string): Person | undefined {
  const at = text.indexOf('<')
  if (at < 0 || !text.endsWith('>')) return undefined
  const [name, email] = [text.slice(0, at).trim(), text.slice(at + 1, -1)]
  if (!NAME.test(name) || NEVER_IN_NAME.test(name)) return undefined
  return email === '' || NEVER_IN_ADDRESS.test(email) ? undefined : { name, email }
}
