/** What a call takes of the processor, in milliseconds of this thread: others who are at work on the machine do not count. */
export function cpuTime(work: () => void): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}
