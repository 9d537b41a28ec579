import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { run } from '../test/kit/process/index.ts'

/** The machine and the programs of a run, for its report. Called before the run: what else is at work is part of the machine. */
export async function describeMachine(): Promise<string> {
  const all = cpus()
  const { stdout } = await run('git', ['--version'])
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${all.length} × ${all[0]?.model.trim() ?? 'processor'}, ${memory} GiB, ${type()} ${release().replace(/-.*/, '')}; Node ${process.version}, ${stdout.toString().trim()}. Load average before the run: ${(loadavg()[0] ?? 0).toFixed(1)}`
}
