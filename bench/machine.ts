import { cpus, totalmem, version } from 'node:os'
import { run } from '../test/kit/process/index.ts'

/** The machine and the programs of a run, for its report. */
export async function describeMachine(): Promise<string> {
  const all = cpus()
  const { stdout } = await run('git', ['--version'])
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${all.length} × ${all[0]?.model.trim() ?? 'processor'}, ${memory} GiB, ${version()}; Node ${process.version}, ${stdout.toString().trim()}`
}
