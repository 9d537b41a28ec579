import { createHash, timingSafeEqual } from 'node:crypto'
import { GitError } from '../../format/errors.ts'
import type { Authorizer } from './authorizer.ts'

interface Grant {
  readonly digest: Buffer
  readonly mayWrite: boolean
  readonly covers: (repository: string) => boolean
}

const RIGHTS: readonly string[] = ['read', 'write', 'admin']

/**
 * Tokens of a file: in each line a token, or `sha256:` and the hash of one, a user, `read`, `write` or `admin`, and a pattern of
 * repositories where it is not for all: `*` stands for anything but a slash. Lines that begin with # are for people.
 * @throws GitError `InvalidInput` naming the line
 */
export function tokens(text: string): Authorizer {
  const grants = text.split('\n').flatMap((line, at) => (/^\s*(?:#|$)/.test(line) ? [] : readLine(line, at + 1)))
  return {
    async authorize({ repository, right, authorization }) {
      const token = tokenIn(authorization)
      if (token === undefined) return 'unknown'
      const digest = sha256(token)
      // All are compared, whichever it is.
      const own = grants.filter((grant) => timingSafeEqual(grant.digest, digest))
      if (own.length === 0) return 'unknown'
      const isAllowed = own.some(({ covers, mayWrite }) => covers(repository) && (right === 'read' || mayWrite))
      return isAllowed ? 'allowed' : 'denied'
    },
  }
}

function readLine(line: string, number: number): Grant {
  const [token = '', user, right = '', glob = '*/*', ...more] = line.trim().split(/\s+/)
  const wrong = (why: string): GitError =>
    new GitError('InvalidInput', `line ${number} of the token file: ${why}`, { field: 'token-file' })
  if (user === undefined || !RIGHTS.includes(right) || more.length > 0)
    throw wrong('a line is TOKEN USER read|write|admin, and a pattern of repositories if it is not for all')
  const hash = /^sha256:([0-9a-f]{64})$/i.exec(token)?.[1]
  if (token.startsWith('sha256:') && hash === undefined) throw wrong('sha256: wants 64 hex digits')
  if (!/^[\w.*-]+\/[\w.*-]+$/.test(glob))
    throw wrong(`${JSON.stringify(glob)} is no pattern of repositories, as team/* or team/site`)
  const pattern = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`)
  const digest = hash === undefined ? sha256(token) : Buffer.from(hash, 'hex')
  return { digest, mayWrite: right !== 'read', covers: (repository) => pattern.test(repository) }
}

/** Basic, as git sends it, whatever the user name; or Bearer. */
function tokenIn(authorization = ''): string | undefined {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const pair = Buffer.from(value, 'base64').toString()
  const colon = pair.indexOf(':')
  return colon < 0 ? undefined : pair.slice(colon + 1)
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()
