import { GitError } from '../../format/errors.ts'

export { fetchTransport as defaultTransport } from '../../client/http/fetch-transport.ts'

/** @throws GitError `Unsupported`: undici needs Node. */
export function undiciTransport(): never {
  throw new GitError('Unsupported', 'undici needs Node: use fetchTransport here')
}
