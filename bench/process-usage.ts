import { readFileSync } from 'node:fs'

/** Clock ticks of /proc in a second: 100 on every Linux that Node runs on. Source: proc_pid_stat(5), sysconf(3). */
const TICKS = 100

/** What a process has used so far. Source: proc_pid_stat(5), proc_pid_status(5). */
export interface Usage {
  /** Seconds of processor time, user and system, of the process itself. */
  readonly cpu: number
  /** The same of its children that have ended, and of theirs. */
  readonly childCpu: number
  /** Most bytes of memory that the process had resident at once. */
  readonly peakRss: number
}

/** Usage of a process; Linux only. */
export function usageOf(pid: number | 'self'): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold anything; the third field follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = (field: number): number => Number(fields[field - 3]) / TICKS
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { cpu: ticks(14) + ticks(15), childCpu: ticks(16) + ticks(17), peakRss: Number(peak?.[1] ?? 0) * 1024 }
}

/** Options for Node that leave a CPU profile in the folder of `BENCH_PROFILE`, if it is set. */
export function profileOptions(name: string): string[] {
  const dir = process.env['BENCH_PROFILE']
  return dir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${dir}`, `--cpu-prof-name=${name}.cpuprofile`]
}
