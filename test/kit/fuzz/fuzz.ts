import { isGitError } from '../../../protocol/src/format/errors.ts'
import { seeded } from '../../chaos/random.ts'
import type { Random } from '../../chaos/random.ts'

/** A parser under attack. */
export interface Target {
  readonly name: string
  /** What it is fed with: the same from the same random. */
  readonly input: (random: Random) => Buffer
  readonly parse: (input: Buffer) => unknown
}

export interface FuzzOptions {
  readonly seed: number
  /** Executions at most. Default: no limit. */
  readonly executions?: number
  /** Seconds at most. Default: no limit. */
  readonly seconds?: number
}

export interface FuzzResult {
  readonly executions: number
  /** How many the parser took for what it parses: none would mean that the attack never gets past the door. */
  readonly accepted: number
}

/** Milliseconds that no input of some KiB may take. */
const HANG = 5000

/**
 * Feeds a parser until something runs out.
 * @throws Error for the first input that gives neither a value nor a GitError, or takes too long: it names the seed that
 *   makes the same input again, and has the input in base64
 */
export async function fuzz(
  target: Target,
  { seed, executions = Infinity, seconds = Infinity }: FuzzOptions,
): Promise<FuzzResult> {
  const started = performance.now()
  let done = 0
  let accepted = 0
  while (done < executions && performance.now() - started < seconds * 1000) {
    const own = (seed + done) >>> 0
    const input = target.input(seeded(own))
    const before = performance.now()
    try {
      await target.parse(input)
      accepted++
    } catch (error) {
      if (!isGitError(error))
        throw new Error(describe(target, own, input, 'throws what is no GitError'), { cause: error })
    }
    if (performance.now() - before > HANG) throw new Error(describe(target, own, input, `takes longer than ${HANG} ms`))
    done++
    // Other work of the process, its garbage collector included, gets its turn.
    if (done % 256 === 0) await new Promise(setImmediate)
  }
  return { executions: done, accepted }
}

function describe({ name }: Target, seed: number, input: Buffer, what: string): string {
  return `${name} ${what}: FUZZ_SEED=${seed}, input ${input.toString('base64')}`
}
