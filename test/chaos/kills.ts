import { MOMENTS } from './moments.ts'
import type { Moment, Strike } from './moments.ts'
import type { Random } from './random.ts'
import type { Accident, Run } from './run.ts'

/** So long a moment is waited for, in milliseconds; then any will do. */
const PATIENCE = 5_000
/** Most edits that are made without an operator. */
const LONGEST_ABSENCE = 3

export interface Kills extends Accident {
  /** Kills that ended a running operator, with edits before and after. */
  readonly happened: number
  /** How many of them came at which kind of moment, a line for each. */
  report(): string
}

interface Plan {
  readonly moment: Moment
  /** Edits that are made without an operator. */
  readonly absence: number
}

interface Armed extends Strike {
  /** Resolves when the operator is dead. Says whether it was alive before. */
  readonly dead: Promise<boolean>
}

/**
 * Kills the operator at random moments, lets people edit on for a while without it, and starts it again. Edits wait where
 * a kill is owed and the next one, or the end, is due: each is carried out, on a running operator, before the last edit.
 *
 * @param edits as many as are made under it, more than `times`
 */
export function kills(times: number, edits: number): Kills {
  let plans: ReadonlyMap<number, Plan> = new Map()
  const tally = new Map<string, number>()
  let edit = 0
  let happened = 0
  let last: Armed | undefined
  let restartAt = 0

  const arm = ({ rig }: Run, { moment, absence }: Plan): Armed => {
    const dead = Promise.withResolvers<boolean>()
    let owed = true
    const hit = (at: string): boolean => {
      if (!owed) return false
      owed = false
      clearTimeout(timer)
      restartAt = edit + absence
      tally.set(at, (tally.get(at) ?? 0) + 1)
      void rig.kill().then(dead.resolve, dead.reject)
      return true
    }
    const timer = setTimeout(() => hit(`instead of: ${moment.name}`), PATIENCE)
    return {
      get owed() {
        return owed
      },
      hit: () => hit(moment.name),
      dead: dead.promise,
    }
  }
  /** Waits for the kill that is owed, and starts the operator again. */
  const restart = async ({ rig }: Run): Promise<void> => {
    const strike = last
    last = undefined
    if (strike === undefined) return
    if (!(await strike.dead)) throw new Error(`the operator ended before it was killed\n${rig.output().slice(-6000)}`)
    happened++
    await rig.start()
  }
  return {
    name: `${times} kills`,
    get happened() {
      return happened
    },
    report: () => [...tally].map(([at, count]) => `${count} ${at}`).join('\n'),
    begin({ random }) {
      plans = draw(random, times, edits)
    },
    async tick(run) {
      const plan = plans.get(edit++)
      if (plan !== undefined) {
        await restart(run)
        last = arm(run, plan)
        plan.moment.arrange(run, last)
      }
      const isLastButOne = edit === edits - 1
      if (isLastButOne || (last?.owed === false && edit >= restartAt)) await restart(run)
    },
    end({ rig }) {
      rig.api.faults.clear()
      rig.remote.faults.clear()
    },
  }
}

/** Which edit each kill follows, never the last one. Every kind of moment comes before any comes again. */
function draw(random: Random, times: number, edits: number): Map<number, Plan> {
  const plans = new Map<number, Plan>()
  let left = MOMENTS
  while (plans.size < times) {
    const edit = random.int(edits - 1)
    if (plans.has(edit)) continue
    const moment = random.pick(left)
    left = left.length === 1 ? MOMENTS : left.filter((other) => other !== moment)
    plans.set(edit, { moment, absence: random.int(LONGEST_ABSENCE + 1) })
  }
  return plans
}
