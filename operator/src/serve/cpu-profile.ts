/** Microseconds between two samples. */
const INTERVAL_US = 1_000

/**
 * Records where this process spends its time.
 * @param ms how long; ends early when the signal is aborted
 * @returns the text of a `.cpuprofile`, as Chrome's and VS Code's tools open it
 */
export async function recordCpuProfile(ms: number, signal: AbortSignal): Promise<string> {
  // Loaded when it is asked for: most processes never are.
  const { Session } = await import('node:inspector/promises')
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
    await session.post('Profiler.start')
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    })
    const { profile } = await session.post('Profiler.stop')
    return JSON.stringify(profile)
  } finally {
    session.disconnect()
  }
}
