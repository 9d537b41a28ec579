import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SHA1, SHA256 } from '../../format/object-id.ts'
import { writePack } from '../../format/pack-writer.ts'
import { passingPack } from './passing-pack.ts'

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function passed(bytes: Buffer, sizes: readonly number[], format = SHA1) {
  const out: Uint8Array[] = []
  let error: unknown
  try {
    for await (const chunk of passingPack(inPieces(bytes, sizes), format, () => undefined)) out.push(chunk)
  } catch (reason) {
    error = reason
  }
  return { out: Buffer.concat(out), error }
}

const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 })
const blobs = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 })

describe.each([SHA1, SHA256])('a pack of a $name repository', (format) => {
  const pack = (contents: readonly Uint8Array[]): Buffer =>
    Buffer.concat(
      writePack(
        contents.map((bytes) => ({ type: 'blob', bytes })),
        format,
      ),
    )

  test('passes as it is, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(blobs, sizes, async (contents, pieces) => {
        const bytes = pack(contents)
        const { out, error } = await passed(bytes, pieces, format)
        expect(error).toBeUndefined()
        expect(out.equals(bytes)).toBe(true)
      }),
    )
  })

  test('damaged or cut, it never arrives as one that could be taken for whole', async () => {
    await fc.assert(
      fc.asyncProperty(blobs, sizes, fc.nat(), fc.boolean(), async (contents, pieces, where, isCut) => {
        const bytes = pack(contents)
        const at = where % bytes.length
        const bad = isCut ? bytes.subarray(0, at) : Buffer.from(bytes)
        if (!isCut) bad[at] = (bad[at] ?? 0) ^ 1
        const { out, error } = await passed(bad, pieces, format)
        expect(error).toMatchObject({ code: 'Malformed' })
        expect(out.length).toBeLessThanOrEqual(Math.max(0, bad.length - format.size))
      }),
    )
  })
})

test('tells how far it is, and how much there is', async () => {
  const bytes = Buffer.concat(writePack([{ type: 'blob', bytes: Buffer.from('x') }], SHA1))
  const told: [number, number][] = []
  for await (const _ of passingPack(inPieces(bytes, [15]), SHA1, (count, objects) => told.push([count, objects])))
    continue
  expect(told.at(-1)).toEqual([bytes.length, 1])
})
