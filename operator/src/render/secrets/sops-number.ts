/** Numbers as sops reads and prints them: it sums their text up, so ours must be the same to the last digit. */
import { ProtectionError } from './protection-error.ts'

export interface SopsNumber {
  readonly type: 'int' | 'float'
  /** Decimal digits without an exponent. */
  readonly text: string
}

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)
const MAX_UINT = 2n ** 64n - 1n

/**
 * @param source the number as the file has it
 * @throws ProtectionError where sops would read another number, or none
 */
export function sopsNumber(source: string, format: 'YAML' | 'JSON'): SopsNumber {
  const isInteger = /^-?\d+$/.test(source)
  if (isInteger && format === 'YAML') {
    const integer = BigInt(source)
    if (integer >= MIN_INT && integer <= MAX_INT) return { type: 'int', text: String(integer) }
    if (integer > MAX_INT && integer <= MAX_UINT) throw unreadable()
  }
  // Anything else it takes for a floating-point number, and prints what that gives back.
  const number = Number(source)
  if (!Number.isFinite(number)) throw unreadable()
  const text = withoutExponent(number)
  if (isInteger && text !== source) throw unreadable()
  return { type: 'float', text }
}

const unreadable = (): ProtectionError => new ProtectionError('a number in it cannot be kept by sops')

/** The shortest decimal digits that give this number back: Go's `FormatFloat(x, 'f', -1, 64)`. */
function withoutExponent(number: number): string {
  if (Object.is(number, -0)) return '-0'
  const text = String(number)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', first = '', rest = '', power = '0'] = match
  const digits = first + rest
  const point = Number(power) + 1
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}
