import type { RequestInfo } from '../kit/apiserver/index.ts'
import type { Accident, Run } from './run.ts'

/** Each brings about the moment at which the operator is to die, and calls `die` in it. */
const MOMENTS: readonly ((run: Run, die: () => void) => void)[] = [
  (_, die) => die(),
  // Between the look at the branch and the push.
  ({ rig }, die) => void rig.remote.faults.beforeReceivePack(() => (die(), Promise.resolve())),
  // The push is carried out; nobody hears of it.
  ({ rig }, die) => {
    const seen = rig.remote.faults.loseAnswer()
    void rig.store.resolve('main').then(async (before) => {
      while (seen.fired === 0 && (await rig.store.resolve('main')) === before) await new Promise(setImmediate)
      die()
    })
  },
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

/** Kills the operator at random moments, lets people edit on for a while without it, and starts it again. */
export function kills(times: number, edits: number): Accident & { readonly happened: number } {
  const at = new Set<number>()
  let edit = 0
  let happened = 0
  let dying = Promise.resolve()
  let restartAt = 0
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
        if (done) return
        done = true
        happened++
        dying = rig.kill()
        restartAt = edit + random.int(4)
      }
      random.pick(MOMENTS)(run, die)
    },
    async end({ rig }) {
      await dying
      rig.api.faults.clear()
      rig.remote.faults.clear()
    },
  }
}
