/** The few forms of DER (X.690) that a CMS signature is made of. */

export const Tag = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific, constructed. */
  context0: 0xa0,
} as const

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length: number[] = []
  for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff)
  const head = body.length < 0x80 ? [body.length] : [0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}

/** A set whose members stand in the order of their bytes, as DER demands. */
export function setOf(...members: readonly Buffer[]): Buffer {
  return der(Tag.set, ...[...members].sort((a, b) => Buffer.compare(a, b)))
}

/** @param dotted `1.2.840.113549.1.7.1` */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f]
    for (let more = arc >>> 7; more > 0; more >>>= 7) digits.unshift(0x80 | (more & 0x7f))
    bytes.push(...digits)
  }
  return der(Tag.oid, Buffer.from(bytes))
}

/** Seconds precision; years from 2050 on take the longer form (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, '')
  const year = date.getUTCFullYear()
  if (year >= 1950 && year < 2050) return der(Tag.utcTime, Buffer.from(digits.slice(2)))
  return der(Tag.generalizedTime, Buffer.from(digits))
}

export interface Element {
  readonly tag: number
  /** With its head. */
  readonly whole: Buffer
  readonly body: Buffer
}

/** The elements that follow each other in `bytes`. @throws RangeError where they do not add up */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = bytes.readUInt8(at)
    const first = bytes.readUInt8(at + 1)
    const digits = first < 0x80 ? 0 : first & 0x7f
    const length = digits === 0 ? first : bytes.readUIntBE(at + 2, digits)
    const start = at + 2 + digits
    const end = start + length
    if (end > bytes.length) throw new RangeError('an element is longer than what holds it')
    found.push({ tag, whole: bytes.subarray(at, end), body: bytes.subarray(start, end) })
    at = end
  }
  return found
}
