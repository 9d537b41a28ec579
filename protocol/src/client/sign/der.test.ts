import { expect, test } from 'vitest'
import { der, elements, oid, setOf, Tag, time } from './der.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('lengths take one byte below 128, and as many as they need beyond', () => {
  const head = (size: number): string => hex(der(Tag.octetString, Buffer.alloc(size))).slice(0, -2 * size || undefined)
  expect([0, 127, 128, 255, 256, 65_536].map(head)).toEqual([
    '0400',
    '047f',
    '048180',
    '0481ff',
    '04820100',
    '0483010000',
  ])
})

test('object identifiers are what RFC 5652 and X.690 print', () => {
  expect(hex(oid('1.2.840.113549.1.7.2'))).toBe('06092a864886f70d010702')
  expect(hex(oid('2.16.840.1.101.3.4.2.1'))).toBe('0609608648016503040201')
})

test('members of a set stand in the order of their bytes', () => {
  const [one, two] = [der(Tag.integer, Buffer.from([1])), der(Tag.integer, Buffer.from([2]))]
  expect(setOf(two, one)).toEqual(setOf(one, two))
  expect(hex(setOf(two, one))).toBe('3106020101020102')
})

test('times change their form in 2050', () => {
  const text = (date: string): string => {
    const bytes = time(new Date(date))
    return `${bytes[0]} ${bytes.toString('latin1', 2)}`
  }
  expect(text('2026-01-02T03:04:05.678Z')).toBe(`${Tag.utcTime} 260102030405Z`)
  expect(text('2049-12-31T23:59:59Z')).toBe(`${Tag.utcTime} 491231235959Z`)
  expect(text('2050-01-01T00:00:00Z')).toBe(`${Tag.generalizedTime} 20500101000000Z`)
})

test('what was written is read again, and what is cut off is an error', () => {
  const long = der(Tag.octetString, Buffer.alloc(300, 7))
  const bytes = Buffer.concat([oid('1.2.3'), long])
  expect(elements(bytes).map(({ tag, body }) => `${tag} ${body.length}`)).toEqual(['6 2', '4 300'])
  expect(elements(bytes)[1]?.whole).toEqual(long)
  for (const end of [1, 3, 5, 6, 8, bytes.length - 1])
    expect(() => elements(bytes.subarray(0, end))).toThrow(RangeError)
})
