import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { usageOf } from '../process-usage.ts'
import type { Implementation, Result, Task } from '../scenario.ts'

/** What an operation took, measured in the client's own process. */
export interface Effort {
  readonly milliseconds: number
  /** Processor time of the operation, programs that the client runs included. */
  readonly cpuMilliseconds: number
  /** Bytes: of this process, its start included; where it only runs programs, of the largest of these. */
  readonly peakRss: number
  readonly result?: Result
}

/** Arguments of a client's process. */
export function readArguments(): { readonly scenario: string; readonly client: string; readonly task: Task } {
  const [, , scenario = '', client = '', file = ''] = process.argv
  return { scenario, client, task: JSON.parse(readFileSync(file, 'utf8')) as Task }
}

/**
 * A first request, to a repository that is not there: afterwards Node's HTTP client is loaded, which belongs to the start of a
 * process and not to an operation.
 */
export async function prime(task: Task, request: (url: string) => Promise<unknown>): Promise<void> {
  await request(new URL('/none.git', task.url).href).catch(() => undefined)
}

/**
 * Runs one client: it gets ready, says so, and works when a line comes; the effort goes to standard output.
 * @param childPeak the largest program's memory, for clients that only run programs
 */
export async function runClient<Kit>(
  implementation: Implementation<Kit> | undefined,
  kit: Kit,
  childPeak?: () => number,
): Promise<void> {
  if (implementation === undefined) throw new Error('this client does not have this scenario')
  const operation = await implementation(kit)
  const go = new Promise<void>((resolve) => {
    const lines = createInterface({ input: process.stdin })
    lines.once('line', () => {
      lines.close()
      resolve()
    })
  })
  process.stdout.write('ready\n')
  await go
  const before = usageOf('self')
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  const result = await operation()
  const milliseconds = performance.now() - started
  const own = process.cpuUsage(cpuBefore)
  const after = usageOf('self')
  const effort: Effort = {
    milliseconds,
    cpuMilliseconds: (own.user + own.system) / 1000 + (after.childCpu - before.childCpu) * 1000,
    peakRss: childPeak?.() ?? after.peakRss,
    ...(result === undefined ? {} : { result }),
  }
  process.stdout.write(`${JSON.stringify(effort)}\n`, () => process.exit(0))
}
