import { createHmac, timingSafeEqual } from 'node:crypto'
import { matchesWildcard } from '../wildcard.ts'
import { SSH_PORT } from './address.ts'

/** One line of a `known_hosts` file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
interface KnownHost {
  readonly marker: 'cert-authority' | 'revoked' | undefined
  readonly names: string
  readonly type: string
  readonly key: Buffer
}

/** What the known hosts say about a host's key. */
export type HostVerdict = 'known' | 'unknown' | 'changed' | 'revoked' | 'authority-only'

/** Hosts and the keys by which they are known, in OpenSSH's format. */
export class KnownHosts {
  readonly #lines: readonly KnownHost[]

  /** @param text lines that are no entries, comments and broken ones, make nothing known */
  constructor(text: string) {
    this.#lines = text.split('\n').flatMap((line) => parseLine(line.trim()) ?? [])
  }

  verdict(host: string, port: number, key: Buffer): HostVerdict {
    const lines = this.#of(host, port)
    if (lines.some((line) => line.marker === 'revoked' && line.key.equals(key))) return 'revoked'
    const keys = lines.filter(({ marker }) => marker === undefined)
    if (keys.some((line) => line.key.equals(key))) return 'known'
    if (keys.length > 0) return 'changed'
    return lines.some(({ marker }) => marker === 'cert-authority') ? 'authority-only' : 'unknown'
  }

  /** Types of the keys known for a host: what to ask it for, since it may have others as well. */
  types(host: string, port: number): string[] {
    return this.#of(host, port).flatMap(({ marker, type }) => (marker === undefined ? [type] : []))
  }

  #of(host: string, port: number): KnownHost[] {
    const name = port === SSH_PORT ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
    return this.#lines.filter(({ names }) => matches(names, name))
  }
}

function parseLine(line: string): KnownHost | undefined {
  if (line === '' || line.startsWith('#')) return undefined
  const fields = line.split(/[ \t]+/)
  const marker = fields[0]?.startsWith('@') === true ? fields.shift()?.slice(1) : undefined
  const [names, type, base64] = fields
  if (names === undefined || type === undefined || base64 === undefined) return undefined
  if (marker !== undefined && marker !== 'cert-authority' && marker !== 'revoked') return undefined
  const key = Buffer.from(base64, 'base64')
  // The type is inside the key as well; a line that contradicts itself is none.
  return keyType(key) === type ? { marker, names, type, key } : undefined
}

/** The type that stands at the beginning of a public key (RFC 4253, section 6.6). */
export function keyType(key: Buffer): string | undefined {
  if (key.length < 4) return undefined
  const length = key.readUInt32BE(0)
  return length <= key.length - 4 ? key.toString('latin1', 4, 4 + length) : undefined
}

/** A hashed name, or a list of patterns of which none with `!` may match. */
function matches(names: string, name: string): boolean {
  if (names.startsWith('|')) return matchesHash(names, name)
  let found = false
  for (const item of names.split(',')) {
    const negated = item.startsWith('!')
    // Brackets, around a host with a port, are themselves.
    if (!matchesWildcard((negated ? item.slice(1) : item).toLowerCase(), name)) continue
    if (negated) return false
    found = true
  }
  return found
}

/** `|1|salt|hash`: HMAC-SHA1 of the name. */
function matchesHash(names: string, name: string): boolean {
  const [, scheme, salt = '', hash = ''] = names.split('|')
  if (scheme !== '1') return false
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}
