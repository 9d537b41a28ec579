import { setTimeout as pause } from 'node:timers/promises'
import type { RequestInfo } from '../kit/apiserver/index.ts'
import { isPush } from '../kit/remote/index.ts'
import type { Run } from './run.ts'

/** A kill that waits for its moment. */
export interface Strike {
  /** False once the operator has been killed, at this moment or at another. */
  readonly owed: boolean
  /** Kills the operator if that is still owed, and says whether it was this call that did. */
  hit(): boolean
}

/** A kind of moment at which an operator can die. */
export interface Moment {
  readonly name: string
  /** Makes the strike hit when the moment comes. What it leaves behind must be harmless once nothing is owed. */
  arrange(run: Run, strike: Strike): void
}

/** Longest delay of a kill at any time, in milliseconds: a few commit windows. */
const ANY_TIME = 500
const POLL = 5

const isWrite = ({ verb, resource }: RequestInfo): boolean =>
  (verb === 'create' || verb === 'patch' || verb === 'update') && resource !== 'events'

export const MOMENTS: readonly Moment[] = [
  { name: 'right after an edit', arrange: (_, strike) => void strike.hit() },
  {
    // The one kind that no condition tells: the point in time is what is drawn.
    name: 'at any time',
    arrange: ({ random }, strike) => void setTimeout(() => strike.hit(), random.int(ANY_TIME)),
  },
  {
    name: 'while it looks at the branch',
    arrange({ rig }, strike) {
      // It looks when it starts, and when it does not know how a push ended.
      rig.remote.faults.loseAnswer({ when: (request) => isPush(request) && strike.owed })
      rig.remote.faults.status(503, { when: (request) => !isPush(request) && strike.hit() })
    },
  },
  {
    name: 'while it pushes, and the push is not carried out',
    arrange: ({ rig }, strike) =>
      void rig.remote.faults.status(503, { when: (request) => isPush(request) && strike.hit() }),
  },
  {
    name: 'when its push is carried out, before it hears of it',
    arrange: (run, strike) => void afterPush(run, strike),
  },
  {
    name: 'while it writes to the API server, and the write is not carried out',
    arrange: ({ rig }, strike) => rig.api.faults.reset(1, (request) => isWrite(request) && strike.hit()),
  },
  {
    name: 'while it writes to the API server, which goes on with that',
    arrange: ({ rig }, strike) => rig.api.faults.reset(1, (request) => isWrite(request) && strike.hit() && false),
  },
]

async function afterPush({ rig }: Run, strike: Strike): Promise<void> {
  rig.remote.faults.loseAnswer({ when: (request) => isPush(request) && strike.owed })
  const before = await rig.store.resolve('main')
  while (strike.owed && (await rig.store.resolve('main')) === before) await pause(POLL)
  strike.hit()
}
