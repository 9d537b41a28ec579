import { GitError } from '../../format/errors.ts'
import { printable } from '../../format/side-band.ts'
import { networkError } from '../remote/network-error.ts'
import { originOf } from './address.ts'
import type { SshAddress } from './address.ts'
import type { SshOptions } from './options.ts'

/**
 * What ended a connection before anything could be asked.
 * @param problems what went wrong on the way without being the end, such as an agent that does not answer
 */
export function loginError(
  { user, host, port }: SshAddress,
  { privateKey, agent, password }: SshOptions,
  error: Error & { readonly level?: string; readonly code?: unknown },
  problems: readonly string[],
): GitError {
  const where = `${host} port ${port}`
  const said = printable(error.message).slice(0, 200)
  if (error.level === 'client-timeout') {
    return new GitError('Timeout', `${where} has not let us in within the time given (ssh.connectTimeoutMs)`, {
      limit: 'ssh.connectTimeoutMs',
      cause: error,
    })
  }
  // Some hosts hang up after too many keys, and say so in words only.
  if (error.level === 'client-authentication' || /authentication/i.test(said)) {
    const given = privateKey !== undefined || agent !== undefined || password !== undefined
    const refused = given
      ? 'refuses these credentials'
      : 'asks for credentials, and none were given: see ssh.privateKey'
    const also = problems.length === 0 ? '' : ` (${problems.map(printable).join('; ')})`
    return new GitError('Unauthorized', `${where} ${refused} for user ${JSON.stringify(user)}${also}`, {
      remote: [said],
      cause: error,
    })
  }
  if (error.level === 'client-socket') return networkError(originOf({ host, port }), error)
  return new GitError('Network', `no SSH connection to ${where}: ${said}`, { cause: error })
}
