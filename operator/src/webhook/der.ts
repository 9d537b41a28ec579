/** As much of DER (ITU-T X.690) as a certificate needs. */

type Bytes = Uint8Array

function element(tag: number, ...parts: readonly Bytes[]): Buffer {
  const body = Buffer.concat(parts)
  const length = body.length
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}

export const sequence = (...parts: readonly Bytes[]): Buffer => element(0x30, ...parts)
export const set = (...parts: readonly Bytes[]): Buffer => element(0x31, ...parts)
export const octets = (...parts: readonly Bytes[]): Buffer => element(0x04, ...parts)
/** Whole bytes. */
export const bits = (bytes: Bytes): Buffer => element(0x03, Buffer.of(0), bytes)
/** The first bits of one byte; `unused` of it, from the right, do not count. */
export const flags = (byte: number, unused: number): Buffer => element(0x03, Buffer.of(unused, byte))
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.of(value ? 0xff : 0))
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text))
/** `[tag]` with parts inside. */
export const explicit = (tag: number, ...parts: readonly Bytes[]): Buffer => element(0xa0 | tag, ...parts)
/** `[tag]` with bytes inside. */
export const implicit = (tag: number, bytes: Bytes): Buffer => element(0x80 | tag, bytes)

/** A number that is not negative, most significant byte first. */
export function integer(bytes: Bytes): Buffer {
  const start = bytes.findIndex((byte, index) => byte !== 0 || index === bytes.length - 1)
  const digits = Buffer.from(bytes.subarray(start))
  return element(0x02, ((digits[0] ?? 0) & 0x80) === 0 ? digits : Buffer.concat([Buffer.of(0), digits]))
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const digits = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return element(0x06, Buffer.from(bytes))
}

/** In seconds: UTCTime before 2050, GeneralizedTime from then on, as RFC 5280 wants it. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits))
}
