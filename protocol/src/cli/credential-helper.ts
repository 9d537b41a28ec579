import { spawn } from 'node:child_process'
import { buffer } from 'node:stream/consumers'
import type { AuthContext, Credentials } from '../client/http/credentials.ts'
import type { RequestRecord } from '../client/remote/remote.ts'
import type { Io } from './io.ts'

/** Milliseconds that a helper may take: some ask a keychain, none is to ask a person through us. */
const TIMEOUT_MS = 30_000

/** The credentials that git's helpers keep for a repository, and what became of them. */
export interface CredentialHelper {
  /** Asks only when the server wants credentials: what is public needs none. */
  readonly auth: (context: AuthContext) => Promise<Credentials | undefined>
  /** Tells the helpers whether what they gave is right, as git does. */
  readonly judge: (record: RequestRecord) => void
}

/**
 * Git's credential helpers (git-credential, gitcredentials), as the user's git is configured; they are not asked to make
 * anything up, and no terminal is opened. Without git or a helper there are no credentials.
 */
export function credentialHelper(url: string, { env }: Pick<Io, 'env'>): CredentialHelper {
  /** What `fill` gave, until it is known to be right or wrong. */
  let pending: string | undefined
  return {
    async auth({ rejected }) {
      if (!rejected) return undefined
      const filled = await gitCredential('fill', describe(url), env)
      const credentials = filled === undefined ? undefined : parse(filled)
      if (credentials !== undefined) pending = filled
      return credentials
    },
    judge({ authenticated, status }) {
      if (!authenticated || pending === undefined || (status !== 200 && status !== 401)) return
      const verdict = status === 200 ? 'approve' : 'reject'
      // The helper may write to a file: it must not be cut off, and nobody waits for it.
      void gitCredential(verdict, pending, env)
      pending = undefined
    },
  }
}

/** The address in the form that git-credential reads. */
function describe(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `protocol=${protocol.slice(0, -1)}\nhost=${host}\npath=${pathname.slice(1)}\n\n`
}

function parse(text: string): Credentials | undefined {
  const lines = text.split('\n').map((line) => {
    const equals = line.indexOf('=')
    return [line.slice(0, Math.max(0, equals)), line.slice(equals + 1)] as const
  })
  const {
    username,
    password,
    password_expiry_utc: expiry,
  } = Object.fromEntries(lines) as Record<string, string | undefined>
  if (username === undefined || password === undefined) return undefined
  return { username, password, ...(expiry === undefined ? {} : { expiresAt: new Date(Number(expiry) * 1000) }) }
}

/** What the command prints; undefined when it fails, is not there, or takes too long. */
async function gitCredential(
  command: 'fill' | 'approve' | 'reject',
  input: string,
  env: Io['env'],
): Promise<string | undefined> {
  const child = spawn('git', ['credential', command], {
    env: { ...env, GIT_TERMINAL_PROMPT: '0' },
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
  })
  const code = new Promise<number | null>((resolve) => {
    child.once('error', () => {
      resolve(null)
    })
    child.once('close', resolve)
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const printed = await buffer(child.stdout).catch(() => Buffer.alloc(0))
  return (await code) === 0 ? printed.toString() : undefined
}
