/** From the name of a user or program to the person that a commit states. */
import { createHmac } from 'node:crypto'
import type { Attribution } from '../attribution.ts'
import type { Person } from '../person.ts'
import type { User } from './user.ts'
import { fillUserTemplate } from './user-template.ts'

/** Domains below a reserved one (RFC 2606), so that no mail ever goes to somebody who happens to have the address. */
export const RESERVED_DOMAINS = {
  manager: 'field-manager.invalid',
  user: 'user.invalid',
  serviceAccount: 'service-account.invalid',
  pseudonym: 'pseudonym.invalid',
}

/** How a GitSync wants its authors to be named. */
export interface Naming {
  /** Display name of a person; default `{user}`. */
  readonly nameTemplate?: string | undefined
  /** E-mail of a person; default the user name when it is an address, else one in a reserved domain. */
  readonly emailTemplate?: string | undefined
  /** Persons by user name; they come before the templates. */
  readonly people?: ReadonlyMap<string, Person> | undefined
  /** Key under which users get names that tell nothing about them, the same for each of their changes. */
  readonly pseudonymKey?: Uint8Array | undefined
}

export interface NamedAuthor {
  readonly person: Person
  /** For the trailer `Changed-by`: the user name, or the pseudonym. */
  readonly by?: string
}

/** Whom a commit names; undefined when nobody is known. */
export function nameAuthor({ source, user, manager = '' }: Attribution, naming: Naming): NamedAuthor | undefined {
  if (source === undefined) return undefined
  if (source === 'FieldManager' || user === undefined) {
    const person = nameManager(manager)
    return person && { person }
  }
  return nameUser(user, naming)
}

/** Whom a commit names for a user of the API server: by the mapping, else by templates, else as the identity provider says. */
export function nameUser({ name: user, person: told }: User, naming: Naming): NamedAuthor {
  const by = oneLine(user)
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user)
  const mapped = naming.people?.get(user)
  // Programs have no private life, and whoever reads the history wants to know which one it was.
  if (account !== null) return { by, person: mapped ?? serviceAccount(account[1] ?? '', account[2] ?? '') }
  if (user.startsWith('system:'))
    return { by, person: mapped ?? person(user, `${localPart(user)}@${RESERVED_DOMAINS.user}`) }
  if (naming.pseudonymKey !== undefined) return pseudonym(user, naming.pseudonymKey)
  if (mapped !== undefined) return { by, person: mapped }
  const { nameTemplate, emailTemplate } = naming
  const name = nameTemplate === undefined ? (told?.name ?? user) : fillUserTemplate(nameTemplate, user)
  const email = emailTemplate === undefined ? notReserved(told?.email) : fillUserTemplate(emailTemplate, user)
  return { by, person: person(name, cleanMail(email ?? '') ?? defaultMail(user)) }
}

function serviceAccount(namespace: string, name: string): Person {
  return person(
    `${namespace}/${name} (service account)`,
    `${localPart(`${name}.${namespace}`)}@${RESERVED_DOMAINS.serviceAccount}`,
  )
}

/** Half of a SHA-256 in hexadecimal digits would be needed against collisions on purpose; names are not chosen for that. */
const PSEUDONYM_DIGITS = 16

function pseudonym(user: string, key: Uint8Array): NamedAuthor {
  const digest = createHmac('sha256', key).update(user).digest('hex').slice(0, PSEUDONYM_DIGITS)
  const by = `user-${digest}`
  return { by, person: { name: by, email: `${by}@${RESERVED_DOMAINS.pseudonym}` } }
}

function nameManager(manager: string): Person | undefined {
  const local = localPart(manager)
  return local === '' ? undefined : person(manager, `${local}@${RESERVED_DOMAINS.manager}`)
}

function defaultMail(user: string): string {
  return (
    cleanMail(/^[^@]+@[^@]+\.[^@]+$/.test(user) ? notReserved(user) : '') ??
    `${localPart(user) || 'unknown'}@${RESERVED_DOMAINS.user}`
  )
}

/** Addresses that are made of names here are nobody's to choose: they would pass for another user, or for a program. */
const notReserved = (mail = ''): string =>
  Object.values(RESERVED_DOMAINS).some((domain) => mail.toLowerCase().endsWith(`@${domain}`)) ? '' : mail

/** An address that a commit can state; undefined when this is none. */
function cleanMail(text: string): string | undefined {
  return /^[^<>\p{Z}\p{Cc}\p{Cf}]+@[^<>\p{Z}\p{Cc}\p{Cf}@]+$/u.test(text) && text.length <= MAX_LENGTH
    ? text
    : undefined
}

const MAX_LENGTH = 320

/** Git drops some characters at the ends of names: one of nothing else would be no name. */
function person(name: string, email: string): Person {
  const cleaned = oneLine(name.replace(/[<>]/g, ' ')).slice(0, MAX_LENGTH).trim()
  return { name: /[^.,:;<>"\\'\p{Z}\p{Cc}]/u.test(cleaned) ? cleaned : 'unknown', email }
}

function localPart(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 200)
    .replace(/^[-.]+|[-.]+$/g, '')
}

/** Line breaks would forge headers and trailers; characters that turn the reading direction, names. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim()
