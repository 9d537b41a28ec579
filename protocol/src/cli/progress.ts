import type { Io } from './io.ts'

/** Milliseconds between two pictures of the progress. */
const EVERY_MS = 100
const CLEAR_LINE = '\r\u001b[K'

/** One line on a terminal that long work rewrites; nothing where standard error is no terminal. */
export function progressMeter(io: Io): { readonly show: (line: () => string) => void; readonly clear: () => void } {
  const terminal = 'isTTY' in io.stderr && io.stderr.isTTY === true
  let shown = 0
  return {
    show(line) {
      const now = io.now().getTime()
      if (!terminal || now - shown < EVERY_MS) return
      shown = now
      io.stderr.write(CLEAR_LINE + line())
    },
    clear() {
      if (terminal && shown > 0) io.stderr.write(CLEAR_LINE)
    },
  }
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** For people: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${power === 0 ? bytes : (bytes / 2 ** (10 * power)).toFixed(1)} ${UNITS[power]}`
}
