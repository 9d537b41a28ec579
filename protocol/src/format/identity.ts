import { GitError } from './errors.ts'

/** Who and when, as a commit states it. */
export interface Identity {
  readonly name: string
  readonly email: string
  /** Seconds precision; milliseconds are dropped. */
  readonly date: Date
  /** Minutes east of UTC. Default 0. */
  readonly utcOffset?: number
}

// Git strips these from both ends of names and e-mail addresses; inside, only the framing characters are impossible.
// oxlint-disable-next-line no-control-regex
const IMPOSSIBLE = /[<>\n\0]/

/** @throws GitError `InvalidInput` naming the field */
export function checkIdentity(field: string, identity: Pick<Identity, 'name' | 'email'> & Partial<Identity>): void {
  for (const part of ['name', 'email'] as const) {
    const value = identity[part]
    if (value.trim() === '') throw invalid(`${field}.${part}`, value, 'must not be empty')
    if (IMPOSSIBLE.test(value))
      throw invalid(`${field}.${part}`, value, 'must not contain "<", ">", a line break or NUL')
  }
  const { date, utcOffset = 0 } = identity
  if (date !== undefined && !(date.getTime() >= 0)) {
    throw invalid(`${field}.date`, String(date), 'must be a date since 1970: git reads no other')
  }
  if (!Number.isInteger(utcOffset) || Math.abs(utcOffset) >= 24 * 60) {
    throw invalid(`${field}.utcOffset`, String(utcOffset), 'must be whole minutes, less than a day')
  }
}

function invalid(field: string, actual: string, rule: string): GitError {
  return new GitError('InvalidInput', `${field} ${JSON.stringify(actual)} ${rule}`, { field, actual })
}

export function formatIdentity({ name, email, date, utcOffset = 0 }: Identity): string {
  const minutes = Math.abs(utcOffset)
  const zone = `${utcOffset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`
  return `${name.trim()} <${email.trim()}> ${Math.floor(date.getTime() / 1000)} ${zone}`
}

const pad = (value: number): string => String(value).padStart(2, '0')

/** Reads what {@link formatIdentity} writes, and the oddities of old histories: a missing date counts as 1970, a bad zone as UTC. */
export function parseIdentity(line: string): Identity {
  const open = line.indexOf('<')
  // An address ends at the first of these, and the date is behind the last, as for git: who reads otherwise takes somebody for another.
  const close = line.indexOf('>', open)
  const name = open < 0 ? line : line.slice(0, open).trim()
  const email = open < 0 || close < 0 ? '' : line.slice(open + 1, close)
  const when = line.slice(line.lastIndexOf('>') + 1)
  const [, seconds = '0', zone = '+0000'] = /^\s*(-?\d+)(?:\s+([+-]\d{4}))?/.exec(when) ?? []
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5))
  return { name, email, date: new Date(Number(seconds) * 1000), utcOffset: zone.startsWith('-') ? -minutes : minutes }
}
