import { Readable } from 'node:stream'
import { deflateSync, gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { GitError } from '../../format/errors.ts'
import { decoded } from './decode.ts'

const pieces = (bytes: Uint8Array, size = 100): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size)),
    { objectMode: false },
  )

async function all(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const got: Uint8Array[] = []
  for await (const chunk of chunks) got.push(chunk)
  return Buffer.concat(got)
}

test('what was encoded comes back, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 20_000 }), fc.integer({ min: 1, max: 5000 }), async (bytes, size) => {
      expect(await all(decoded(pieces(gzipSync(bytes), size), 'GZIP'))).toEqual(Buffer.from(bytes))
      expect(await all(decoded(pieces(deflateSync(bytes), size), 'deflate'))).toEqual(Buffer.from(bytes))
    }),
    { numRuns: 20 },
  )
})

test.each([undefined, '', 'identity'])('%j is passed on as it is', async (coding) => {
  expect((await all(decoded(pieces(Buffer.from('abc')), coding))).toString()).toBe('abc')
})

test.each(['br', 'gzip, gzip', 'zstd'])('%s was not asked for', async (coding) => {
  const body = pieces(Buffer.from('x'))
  await expect(all(decoded(body, coding))).rejects.toMatchObject({ code: 'NotGit' })
  expect(body.destroyed).toBe(true)
})

test.each([
  ['garbage', Buffer.from('<html>'.repeat(100))],
  ['half a stream', gzipSync(Buffer.alloc(100_000, 'abc')).subarray(0, 60)],
  ['a wrong checksum', Buffer.concat([gzipSync('abc').subarray(0, -8), Buffer.alloc(8)])],
])('%s is malformed', async (_what, bytes) => {
  await expect(all(decoded(pieces(bytes), 'gzip'))).rejects.toMatchObject({ code: 'Malformed' })
})

test('an input that fails fails as it did', async () => {
  async function* cut(): AsyncGenerator<Uint8Array> {
    yield gzipSync(Buffer.alloc(100_000)).subarray(0, 20)
    throw new GitError('Network', 'cut')
  }
  await expect(all(decoded(Readable.from(cut()), 'gzip'))).rejects.toMatchObject({ code: 'Network' })
})

test('a bomb is inflated no further than somebody reads, and its input is let go', async () => {
  const member = gzipSync(Buffer.alloc(8 << 20))
  // Streams one behind another are one stream (RFC 1952, section 2.2).
  const bomb = Buffer.concat(Array.from({ length: 64 }, () => member))
  const body = pieces(bomb, 1000)
  let taken = 0
  body.on('data', (piece: Buffer) => (taken += piece.length)).pause()
  let received = 0
  for await (const chunk of decoded(body, 'gzip', 2000)) {
    received += chunk.length
    if (received > 1 << 20) break
  }
  expect(taken).toBeLessThan(bomb.length / 2)
  await expect.poll(() => body.destroyed).toBe(true)
})

test('what unpacks to more than it could be made of is refused, however little of it there is', async () => {
  const bomb = gzipSync(Buffer.alloc(8 << 20))
  await expect(all(decoded(pieces(bomb), 'gzip'))).rejects.toMatchObject({
    code: 'LimitExceeded',
    details: { limit: 'maxInflateRatio', expected: 200 },
  })
  expect(await all(decoded(pieces(bomb), 'gzip', 2000))).toHaveLength(8 << 20)
  expect(await all(decoded(pieces(gzipSync(Buffer.alloc(1 << 20))), 'gzip'))).toHaveLength(1 << 20)
})
