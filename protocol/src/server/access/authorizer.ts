import type { RepositoryName } from '../store/repository-store.ts'

export type Right = 'read' | 'write'

/** Who asks for what. */
export interface Access {
  readonly repository: RepositoryName
  readonly right: Right
  /** The header as it was sent. */
  readonly authorization: string | undefined
  /** Address of who asks; undefined where that is not known. */
  readonly peer: string | undefined
}

/** `unknown`: nobody knows who asks, and they may say it again, with other credentials. */
export type Verdict = 'allowed' | 'denied' | 'unknown'

export interface Authorizer {
  authorize(access: Access): Promise<Verdict>
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/

/** Everybody on this machine may do everything, and nobody else anything. */
export const loopbackOnly: Authorizer = {
  authorize: async ({ peer = '' }) => (LOOPBACK.test(peer) ? 'allowed' : 'unknown'),
}
