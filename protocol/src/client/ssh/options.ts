import { GitError } from '../../format/errors.ts'
import { checkInteger, MAX_TIMER_MS } from '../check-option.ts'

/** The shape of `dns.lookup`. */
export type SshLookup = (
  hostname: string,
  options: { readonly all?: boolean | undefined },
  callback: (
    error: Error | null,
    address: string | { readonly address: string; readonly family: number }[],
    family?: number,
  ) => void,
) => void

/** How to log in over SSH, and how to know the host. */
export interface SshOptions {
  /** Text of a private key, in OpenSSH's or PEM format. */
  readonly privateKey?: string | Uint8Array
  /** Opens the private key. */
  readonly passphrase?: string
  /** Path of the socket of an agent that holds keys, such as `process.env.SSH_AUTH_SOCK`. */
  readonly agent?: string
  readonly password?: string
  /**
   * Keys by which hosts are known: a text in the format of OpenSSH's `known_hosts`. Default: what `knownHostsFiles` say.
   * A host that is in neither is refused.
   */
  readonly knownHosts?: string
  /**
   * Paths of files in the same format; each must be there. Default: none beside `knownHosts`, and without that
   * `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`, where they exist.
   */
  readonly knownHostsFiles?: readonly string[]
  /** Fingerprints, `SHA256:…` as `ssh-keygen -l` prints them, one of which the host's key must have; known hosts are not looked at. */
  readonly hostKeys?: readonly string[]
  /**
   * Milliseconds of silence, in which nothing comes and nothing can be sent, after which a request is given up. Default
   * 60,000.
   */
  readonly timeoutMs?: number
  /** Milliseconds for the connection and the login. Default 20,000. */
  readonly connectTimeoutMs?: number
  /** Milliseconds without a request after which the connection is closed; the next request opens another. Default 60,000. */
  readonly idleTimeoutMs?: number
  /**
   * Milliseconds of silence after which the host is asked for a sign of life over SSH; three without one end the
   * connection. An idle connection then keeps the process alive until `idleTimeoutMs`. Default 0: never. A machine that
   * is gone is noticed in any case, by TCP's own keep-alive.
   */
  readonly keepAliveMs?: number
  /** Finds the addresses of the host, as `lookup` of `net.connect`; not asked where the host is an address. Default: `dns.lookup`. */
  readonly lookup?: SshLookup
  /** Requests at the same time over one connection; more wait. Servers allow 10 where nothing else is configured. Default 8. */
  readonly maxChannels?: number
}

export interface ResolvedSshOptions extends SshOptions {
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxChannels: number
}

export const SSH_DEFAULTS = {
  timeoutMs: 60_000,
  connectTimeoutMs: 20_000,
  idleTimeoutMs: 60_000,
  keepAliveMs: 0,
  maxChannels: 8,
} as const

/** @throws GitError `InvalidInput` naming the option */
export function resolveSshOptions(given: SshOptions): ResolvedSshOptions {
  const options = { ...SSH_DEFAULTS, ...given }
  checkInteger('ssh.timeoutMs', options.timeoutMs, 1, MAX_TIMER_MS)
  checkInteger('ssh.connectTimeoutMs', options.connectTimeoutMs, 1, MAX_TIMER_MS)
  checkInteger('ssh.idleTimeoutMs', options.idleTimeoutMs, 1, MAX_TIMER_MS)
  checkInteger('ssh.keepAliveMs', options.keepAliveMs, 0, MAX_TIMER_MS)
  checkInteger('ssh.maxChannels', options.maxChannels, 1)
  checkKnownHosts(options.knownHosts)
  for (const fingerprint of options.hostKeys ?? []) {
    if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(fingerprint)) continue
    throw new GitError('InvalidInput', `ssh.hostKeys: ${JSON.stringify(fingerprint)} is not of the form SHA256:…`, {
      field: 'ssh.hostKeys',
      actual: fingerprint,
    })
  }
  return options
}

/** Taken for a text, a path would make nothing known. */
function checkKnownHosts(text: unknown): void {
  if (text === undefined || text === '' || (typeof text === 'string' && /\s/.test(text))) return
  throw new GitError(
    'InvalidInput',
    'ssh.knownHosts must be a text in the format of known_hosts: give paths of files as ssh.knownHostsFiles',
    { field: 'ssh.knownHosts' },
  )
}
