import { GitError } from '../../format/errors.ts'

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
   * Keys by which hosts are known: a text in the format of OpenSSH's `known_hosts`, or paths of such files. Default: the
   * files `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`, where they exist. A host that is not in there is refused.
   */
  readonly knownHosts?: string | readonly string[]
  /** Fingerprints, `SHA256:…` as `ssh-keygen -l` prints them, one of which the host's key must have; `knownHosts` is not looked at. */
  readonly hostKeys?: readonly string[]
  /** Milliseconds for the connection and the login. Default 20,000. */
  readonly connectTimeoutMs?: number
  /** Milliseconds without a request after which the connection is closed; the next request opens another. Default 60,000. */
  readonly idleTimeoutMs?: number
  /** Milliseconds of silence after which the host is asked for a sign of life; three without one end the connection. Default 0: never. */
  readonly keepAliveMs?: number
  /** Requests at the same time over one connection; more wait. Servers allow 10 where nothing else is configured. Default 8. */
  readonly maxChannels?: number
}

export interface ResolvedSshOptions extends SshOptions {
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxChannels: number
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws GitError `InvalidInput` naming the option */
export function resolveSshOptions(given: SshOptions): ResolvedSshOptions {
  const options = { connectTimeoutMs: 20_000, idleTimeoutMs: 60_000, keepAliveMs: 0, maxChannels: 8, ...given }
  checkInteger('connectTimeoutMs', options.connectTimeoutMs, 1)
  checkInteger('idleTimeoutMs', options.idleTimeoutMs, 1)
  checkInteger('keepAliveMs', options.keepAliveMs, 0)
  checkInteger('maxChannels', options.maxChannels, 1)
  for (const fingerprint of options.hostKeys ?? []) {
    if (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(fingerprint)) continue
    throw new GitError('InvalidInput', `ssh.hostKeys: ${JSON.stringify(fingerprint)} is not of the form SHA256:…`, {
      field: 'ssh.hostKeys',
      actual: fingerprint,
    })
  }
  return options
}

function checkInteger(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= MAX_TIMER_MS) return
  throw new GitError('InvalidInput', `ssh.${name} must be an integer from ${least} to ${MAX_TIMER_MS}, not ${value}`, {
    field: `ssh.${name}`,
    actual: value,
  })
}
