import { InvalidArgumentError } from 'commander'

export function parseRetries(text: string): number {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('a number from 0 to 99 is needed.')
  return Number(text)
}

/** Timers hold 31 bits of milliseconds. */
export const MAX_SECONDS = 2_147_483

export function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds < 0.001 || seconds > MAX_SECONDS) {
    throw new InvalidArgumentError(`a number of seconds between 0.001 and ${MAX_SECONDS} is needed, such as 30.`)
  }
  return seconds
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1 << 10, m: 1 << 20, g: 1 << 30 }

export function parseByteCount(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? []
  const count = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1)
  if (!Number.isSafeInteger(count) || count <= 0) {
    throw new InvalidArgumentError('a positive number of bytes is needed, such as 500k or 20M.')
  }
  return count
}
