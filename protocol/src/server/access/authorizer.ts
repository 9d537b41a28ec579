import type { RepositoryName } from '../store/repository-store.ts'

export type Right = 'read' | 'write'

/** Who asks for what. */
export interface Access {
  readonly repository: RepositoryName
  readonly right: Right
  /** The header as it was sent. */
  readonly authorization: string | undefined
  /** What the client calls this server: name or address, and port. */
  readonly host: string | undefined
  /** Address of who asks; undefined where that is not known. */
  readonly peer: string | undefined
}

/** `unknown`: nobody knows who asks, and they may say it again, with other credentials. */
export type Verdict = 'allowed' | 'denied' | 'unknown'

export interface Authorizer {
  authorize(access: Access): Promise<Verdict>
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/
const LOCAL_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/i

/**
 * Everybody on this machine may do everything, and nobody else anything. A page in a browser is on this machine, too: it is known by
 * the name under which it got here, which is that of its own site.
 */
export const loopbackOnly: Authorizer = {
  authorize: async ({ peer = '', host = '' }) => (LOOPBACK.test(peer) && LOCAL_HOST.test(host) ? 'allowed' : 'unknown'),
}
