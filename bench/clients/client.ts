import { createInterface } from 'node:readline'
import { usageOf } from '../process-usage.ts'

/** What a client is to do. */
export interface Job {
  readonly url: string
  /** Folder that it may fill. */
  readonly scratch: string
  readonly path: string
  readonly content: string
  readonly mode: string
}

/** What it took, in the client's own process. */
export interface Effort {
  readonly milliseconds: number
  /** Processor time of the operation, programs that the client runs included. */
  readonly cpuMilliseconds: number
  /** Bytes: of this process, Node included; where it only runs programs, of the largest of these. */
  readonly peakRss: number
}

/**
 * Runs one client: `prepare` gets ready and gives the operation, which runs when the bench says so and is what is measured.
 */
export async function runClient(
  prepare: (job: Job) => Promise<() => Promise<{ readonly childPeakRss: number } | undefined>>,
): Promise<void> {
  const job = JSON.parse(process.argv[2] ?? '') as Job
  const operation = await prepare(job)
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
  const done = await operation()
  const milliseconds = performance.now() - started
  const own = process.cpuUsage(cpuBefore)
  const after = usageOf('self')
  const effort: Effort = {
    milliseconds,
    cpuMilliseconds: (own.user + own.system) / 1000 + (after.childCpu - before.childCpu) * 1000,
    peakRss: done?.childPeakRss ?? after.peakRss,
  }
  process.stdout.write(`${JSON.stringify(effort)}\n`)
  process.exit(0)
}
