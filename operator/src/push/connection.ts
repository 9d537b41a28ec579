import type { Repository } from '@gitsync/protocol'
import type { Forge } from '../forge/forge.ts'
import type { Budget } from './budget/budget.ts'
import type { ReadAllowance } from './read-allowance.ts'
import type { Member } from './member.ts'

/** How a member reaches the repository. Members with equal keys share pushes. */
export interface Connection {
  /** Stands for the credentials, and tells nothing about them. */
  readonly key: string
  readonly repository: Repository
  /** What may be asked of the host with these credentials. Default: no limit. */
  readonly budget?: Budget
  /** For those who look at it: what they read is counted by itself, so that it keeps no writer waiting. Default: nobody may. */
  readonly reader?: (() => Reader) | undefined
  /** The repository's requests, by what the host runs. @throws ForgeError where that is not known */
  readonly forge?: ((hostType: string | undefined) => Forge) | undefined
}

/** A repository for those who look at it. */
export interface Reader {
  readonly repository: Repository
  readonly allowance: ReadAllowance
}

/** A member, and how it reaches the repository now. */
export interface Attached {
  readonly member: Member
  readonly connection: Connection
}
