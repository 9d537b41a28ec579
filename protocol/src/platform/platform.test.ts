import { Buffer as NodeBuffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as chosenHash from '#platform/hash'
import * as chosen from '#platform/zlib'
import { isGitError } from '../format/errors.ts'
import * as edgeHash from './edge/hash.ts'
import { temporarySpill as edgeSpill } from './edge/spill.ts'
import * as edge from './edge/zlib.ts'
import * as nodeHash from './node/hash.ts'
import type { temporarySpill } from './node/spill.ts'
import * as node from './node/zlib.ts'

// One stands for the other: what can be called on Node can be called elsewhere.
edge satisfies Omit<typeof node, 'InflateStream'> & {
  InflateStream: new () => Pick<node.InflateStream, 'write' | 'close'>
}
edgeSpill satisfies typeof temporarySpill

test('the condition "edge" chooses what is used, and nothing else does', () => {
  const onEdge = Buffer !== NodeBuffer
  expect(chosen.InflateStream).toBe(onEdge ? edge.InflateStream : node.InflateStream)
  expect(chosenHash.createHash).toBe(onEdge ? edgeHash.createHash : nodeHash.createHash)
})

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.nat(40_000)).map(([piece, times]) => {
    const all = new Uint8Array(piece.length * times)
    for (let i = 0; i < times; i++) all.set(piece, i * piece.length)
    return all
  }),
)

test('both hash alike, at once and piece by piece', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('sha1' as const, 'sha256' as const),
      fc.array(bytes, { maxLength: 4 }),
      (name, pieces) => {
        const all = Buffer.concat(pieces)
        const expected = nodeHash.hashOnce(name, all, 'hex')
        expect(edgeHash.hashOnce(name, all, 'hex')).toBe(expected)
        const hash = edgeHash.createHash(name).update('blob é\0')
        for (const piece of pieces) hash.update(piece)
        const same = nodeHash.createHash(name).update('blob é\0').update(all)
        expect(hash.digest()).toEqual(Buffer.from(same.digest()))
      },
    ),
  )
})

describe.each([
  ['node', node, edge],
  ['edge', edge, node],
])('zlib: %s', (_name, one, other) => {
  const inPieces = async (
    stream: Uint8Array,
    piece: number,
  ): Promise<{ bytes: Buffer; rest: number; ended: boolean }> => {
    const engine = new one.InflateStream()
    const output: Uint8Array[] = []
    let at = 0
    let ended = false
    while (!ended && at < stream.length) {
      const step = await engine.write(stream.subarray(at, at + piece))
      output.push(...step.output)
      at += step.consumed
      ended = step.ended
    }
    engine.close()
    return { bytes: Buffer.concat(output), rest: stream.length - at, ended }
  }

  test('inflates what the other deflates, and finds where it ends', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(50), fc.integer({ min: 1, max: 5000 }), async (content, more, piece) => {
        const stream = Buffer.concat([other.deflateObject(content), Buffer.alloc(more + 1, 7)])
        const end = stream.length - more - 1
        const inflated = one.inflateObject(stream, content.length)
        expect(inflated?.consumed).toBe(end)
        expect(inflated?.bytes.equals(Buffer.from(content))).toBe(true)
        const streamed = await inPieces(stream, piece)
        expect(streamed).toMatchObject({ rest: more + 1, ended: true })
        expect(streamed.bytes.equals(Buffer.from(content))).toBe(true)
      }),
    )
  })

  test('knows an unfinished stream from a damaged one and from a wrong size', async () => {
    const content = Buffer.from('some text '.repeat(100))
    const stream = one.deflateObject(content)
    for (let length = 0; length < stream.length; length++) {
      expect(one.inflateObject(stream.subarray(0, length), content.length)).toBeUndefined()
    }
    const refused = (input: Buffer, size: number): boolean => {
      try {
        one.inflateObject(input, size)
        return false
      } catch (error) {
        return isGitError(error, 'Malformed')
      }
    }
    expect(refused(stream, content.length - 1)).toBe(true)
    expect(refused(stream, content.length + 1)).toBe(true)
    expect(refused(stream, 0)).toBe(true)
    expect(refused(Buffer.from('no zlib stream'), 10)).toBe(true)
    const flipped = Buffer.from(stream)
    flipped[stream.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    expect(refused(flipped, content.length)).toBe(true)
    await expect(inPieces(flipped, 7)).rejects.toMatchObject({ code: 'Malformed' })
    await expect(inPieces(Buffer.from('no zlib stream'), 7)).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a bomb gives no more than was asked for', () => {
    const bomb = one.deflateObject(new Uint8Array(64 << 20))
    expect(() => one.inflateObject(bomb, 1000)).toThrow('more than the 1000 bytes')
  })

  test('deflates piece by piece, and throws what its source throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 5 }), async (pieces) => {
        const parts: Uint8Array[] = []
        for await (const part of one.deflateChunks(given(pieces))) parts.push(part)
        const all = Buffer.concat(pieces)
        expect(other.inflateObject(Buffer.concat(parts), all.length)?.bytes.equals(all)).toBe(true)
      }),
    )
    const failing = async (): Promise<void> => {
      const source = given([Buffer.alloc(10)], new Error('unreadable'))
      for await (const part of one.deflateChunks(source)) void part
    }
    await expect(failing()).rejects.toThrow('unreadable')
  })
})

async function* given(pieces: readonly Uint8Array[], error?: Error): AsyncGenerator<Uint8Array> {
  yield* pieces
  if (error !== undefined) throw error
}

test('without a disk nothing can be put aside', async () => {
  const spill = edgeSpill()
  await expect(spill.append(Buffer.from('x'))).rejects.toMatchObject({ code: 'LimitExceeded' })
  await spill.close()
})
