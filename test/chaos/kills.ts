import { setTimeout as pause } from 'node:timers/promises'
import type { RequestInfo } from '../kit/apiserver/index.ts'
import type { Accident, Run } from './run.ts'

/** Each brings about the moment at which the operator is to die, and calls `die` in it. */
const MOMENTS: readonly ((run: Run, die: () => void) => void)[] = [
  (_, die) => die(),
  // Between the look at the branch and the push.
  ({ rig }, die) => void rig.remote.faults.beforeReceivePack(() => (die(), Promise.resolve())),
  // The push is carried out; nobody hears of it.
  (run, die) => void dieAfterPush(run, die),
  // While the inventory is being written, or anything else.
  ({ rig }, die) => {
    let dead = false
    rig.api.faults.reset(1, ({ verb, resource }: RequestInfo) => {
      const hit = !dead && (verb === 'create' || verb === 'patch' || verb === 'update') && resource !== 'events'
      if (hit) die()
      dead ||= hit
      return hit
    })
  },
]

/** So long a push is waited for, in milliseconds. */
const PUSH_PATIENCE = 3_000

async function dieAfterPush({ rig }: Run, die: () => void): Promise<void> {
  const lost = rig.remote.faults.loseAnswer()
  const before = await rig.store.resolve('main')
  const deadline = performance.now() + PUSH_PATIENCE
  while (lost.fired === 0 && performance.now() < deadline && (await rig.store.resolve('main')) === before)
    await pause(5)
  die()
}

/** Kills the operator at random moments, lets people edit on for a while without it, and starts it again. */
export function kills(times: number, edits: number): Accident & { readonly happened: number } {
  const at = new Set<number>()
  let edit = 0
  let happened = 0
  let dying = Promise.resolve()
  let restartAt = 0
  let over = false
  return {
    name: `${times} kills`,
    get happened() {
      return happened
    },
    begin({ random }) {
      while (at.size < times) at.add(random.int(edits))
    },
    async tick(run) {
      const { rig, random } = run
      if (++edit >= restartAt) {
        await dying
        await rig.start()
      }
      if (!at.has(edit - 1)) return
      let done = false
      const die = (): void => {
        if (done || over) return
        done = true
        happened++
        dying = rig.kill()
        restartAt = edit + random.int(4)
      }
      random.pick(MOMENTS)(run, die)
    },
    async end({ rig }) {
      over = true
      await dying
      rig.api.faults.clear()
      rig.remote.faults.clear()
    },
  }
}
