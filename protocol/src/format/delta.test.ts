import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyDelta, DeltaWriter } from './delta.ts'
import { isGitError } from './errors.ts'

const malformed = expect.objectContaining({ code: 'Malformed' })
const base = Buffer.from('0123456789')

test('copies and inserts give back what was written', () => {
  const step = fc.oneof(fc.tuple(fc.nat(400), fc.nat(400)), fc.uint8Array({ minLength: 1, maxLength: 300 }))
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 800, maxLength: 900 }),
      fc.array(step, { maxLength: 20 }),
      (bytes, steps) => {
        const source = Buffer.from(bytes)
        const writer = new DeltaWriter(source.length)
        const expected: Uint8Array[] = []
        for (const one of steps) {
          if (Array.isArray(one)) {
            writer.copy(one[0], one[1])
            expected.push(source.subarray(one[0], one[0] + one[1]))
          } else {
            writer.insert(one)
            expected.push(one)
          }
        }
        expect(applyDelta(source, writer.finish(), 1 << 20).equals(Buffer.concat(expected))).toBe(true)
      },
    ),
  )
})

test.each([0xffff, 0x10000, 0x10001, 0xffffff, 0x1000000, 0x2000005])(
  'a copy of %i bytes from beyond 16 MiB',
  (size) => {
    const large = Buffer.alloc(0x3000010)
    large.write('start', 0x1000003)
    large.write('end', 0x1000003 + size - 3)
    const writer = new DeltaWriter(large.length)
    writer.copy(0x1000003, size)
    const result = applyDelta(large, writer.finish(), 1 << 28)
    expect([result.length, result.toString('latin1', 0, 5), result.toString('latin1', size - 3)]).toEqual([
      size,
      'start',
      'end',
    ])
  },
)

test('a copy without a size means 64 KiB', () => {
  const large = Buffer.alloc(0x10000, 'x')
  const delta = Buffer.from([0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80])
  expect(applyDelta(large, delta, 1 << 20)).toHaveLength(0x10000)
})

test.each([
  ['nothing at all', []],
  ['one size only', [10]],
  ['a size without an end', [0x80, 0x80]],
  ['another base', [9, 0]],
  ['the reserved instruction', [10, 1, 0]],
  ['an insert cut short', [10, 5, 5, 1, 2]],
  ['a copy cut short', [10, 5, 0x91, 0]],
  ['a copy from beyond the base', [10, 5, 0x91, 6, 5]],
  ['a copy from far beyond the base', [10, 5, 0x9f, 255, 255, 255, 255, 5]],
  ['more than declared', [10, 2, 0x90, 3]],
  ['less than declared', [10, 4, 0x90, 3]],
  ['a size beyond any number', [10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
])('refused: %s', (_what, bytes) => {
  expect(() => applyDelta(base, Buffer.from(bytes), 1000)).toThrowError(malformed)
})

test('a declared size beyond the limit is refused before it is allocated', () => {
  const delta = Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
  expect(() => applyDelta(base, delta, 1000)).toThrowError(
    expect.objectContaining({
      code: 'LimitExceeded',
      details: expect.objectContaining({ limit: 'maxObjectBytes', expected: 1000 }),
    }),
  )
})

test('random instructions give bytes of the declared size, or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(127), (bytes, size) => {
      try {
        expect(applyDelta(base, Buffer.from([10, size, ...bytes]), 1000)).toHaveLength(size)
      } catch (error) {
        expect(isGitError(error, 'Malformed')).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
