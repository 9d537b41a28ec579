import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { git, gitBytes } from '../../../test/kit/remote/git.ts'
import { DeltaWriter } from './delta.ts'
import { isGitError } from './errors.ts'
import { objectId, SHA1, SHA256 } from './object-id.ts'
import type { ObjectFormat } from './object-id.ts'
import { readPack } from './pack-reader.ts'
import type { GitObject, ReadPackOptions } from './pack-reader.ts'
import { writePack } from './pack-writer.ts'
import type { PackEntry } from './pack-writer.ts'

const limits = { maxObjects: 100_000, maxObjectBytes: 1 << 20, maxHeldBytes: 8 << 20 }

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(pack: Uint8Array, options: Partial<ReadPackOptions> = {}, chunk = 1 << 16): Promise<GitObject[]> {
  const objects: GitObject[] = []
  for await (const object of readPack(chunked(pack, chunk), { format: SHA1, limits, ...options })) objects.push(object)
  return objects
}

/** A pack of raw parts with a right header and trailer. */
function packOf(parts: readonly Uint8Array[], count = parts.length): Buffer {
  const head = Buffer.alloc(12)
  head.write('PACK')
  head.writeUInt32BE(2, 4)
  head.writeUInt32BE(count, 8)
  const body = Buffer.concat([head, ...parts])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

function header(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size % 16)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}

const blob = (text: string): PackEntry => ({ type: 'blob', bytes: Buffer.from(text) })

describe.each([SHA1, SHA256])('packs written by git ($name)', (format: ObjectFormat) => {
  let dir: string
  let all: Map<string, string>
  const pack = (args: string[], input: string): Promise<Buffer> =>
    gitBytes(dir, dir, ['pack-objects', '--stdout', '-q', ...args], { input })

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsync-packs-'))
    await git(dir, dir, ['init', '--quiet', '--bare', `--object-format=${format.name}`])
    let script = ''
    for (let i = 0; i < 30; i++) {
      const text = Array.from({ length: 60 }, (_, line) => `line ${line} of ${line % 30 <= i ? i : 'nobody'}\n`).join(
        '',
      )
      script += `commit refs/heads/main\ncommitter A <a@b> ${1_700_000_000 + i} +0000\ndata 1\nm\n`
      script += `M 644 inline dir/file-${i % 3}\ndata ${text.length}\n${text}\nM 644 inline only-${i}\ndata 2\n${i % 10}\n\n`
    }
    await git(dir, dir, ['fast-import', '--quiet'], { input: script })
    const listed = await git(dir, dir, ['cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)'])
    all = new Map(listed.split('\n').map((line) => line.split(' ') as [string, string]))
  })
  afterAll(() => rm(dir, { recursive: true, force: true }))
  const kinds = (objects: readonly GitObject[]): Map<string, string> =>
    new Map(objects.map(({ oid, type }) => [oid, type]))

  test.each([
    ['OFS', ['--delta-base-offset', '--window=20']],
    ['REF', ['--window=20']],
    ['no', ['--window=0']],
  ])('with %s deltas every object is read, whatever the chunks', async (_kind, args) => {
    const bytes = await pack(['--revs', '--no-reuse-delta', ...args], 'main\n')
    expect(kinds(await read(bytes, { format }))).toEqual(all)
    for (const size of [1, 2, 3, 7, 64]) expect(kinds(await read(bytes, { format }, size))).toEqual(all)
  })

  test('a thin pack needs the objects that the reader has', async () => {
    const bytes = await pack(['--revs', '--thin', '--no-reuse-delta'], 'main\n^main~5\n')
    const held = new Map<string, GitObject>()
    for (const object of await read(await pack(['--revs'], 'main~5\n'), { format })) held.set(object.oid, object)
    const objects = await read(bytes, { format, base: (oid) => held.get(oid) })
    const expected = (await git(dir, dir, ['rev-list', '--objects', '--no-object-names', 'main', '^main~5'])).split(
      '\n',
    )
    expect(objects.map(({ oid }) => oid).sort()).toEqual(expected.sort())
    await expect(read(bytes, { format })).rejects.toMatchObject({ code: 'Malformed' })
    const skipped = await read(bytes, { format, missingBase: 'skip' })
    expect(skipped.length).toBeLessThan(objects.length)
    expect(skipped.every(({ oid, type }) => all.get(oid) === type)).toBe(true)
  })

  test('blobs are left out on request, and nothing else', async () => {
    const bytes = await pack(['--revs', '--delta-base-offset', '--no-reuse-delta'], 'main\n')
    const rest = new Map([...all].filter(([, type]) => type !== 'blob'))
    expect(kinds(await read(bytes, { format, skipBlobs: true }))).toEqual(rest)
  })

  test('the empty pack', async () => {
    expect(await read(await pack([], ''), { format })).toEqual([])
  })
})

describe('damage', () => {
  const base = 'a line that is long enough to be worth a delta\n'.repeat(3)
  const delta = new DeltaWriter(base.length)
  delta.copy(0, 100)
  delta.insert(Buffer.from('and more'))
  const entries: PackEntry[] = [
    blob(base),
    { type: 'ref-delta', base: objectId(SHA1, 'blob', Buffer.from(base)), bytes: delta.finish() },
    { type: 'tree', bytes: Buffer.alloc(0) },
  ]
  const whole = Buffer.concat(writePack(entries, SHA1))

  test('a cut at any byte is an error', async () => {
    expect(await read(whole)).toHaveLength(3)
    for (let length = 0; length < whole.length; length++) {
      await expect(read(whole.subarray(0, length)), `cut at ${length}`).rejects.toMatchObject({
        name: 'GitError',
        code: 'Malformed',
      })
    }
  })

  test('a flipped bit anywhere is an error, and no object comes out under the name of another', async () => {
    const right = new Map((await read(whole)).map(({ oid, bytes }) => [oid, bytes]))
    for (let at = 0; at < whole.length; at++) {
      for (const bit of [1, 0x10, 0x80]) {
        const damaged = Buffer.from(whole)
        damaged[at] = (damaged[at] ?? 0) ^ bit
        let failure: unknown
        try {
          for await (const { oid, bytes } of readPack(chunked(damaged, 16), { format: SHA1, limits })) {
            expect(right.get(oid) ?? bytes).toEqual(bytes)
          }
        } catch (error) {
          failure = error
        }
        expect(isGitError(failure, 'Malformed', 'LimitExceeded'), `bit ${bit} at ${at}`).toBe(true)
      }
    }
  })

  test('random bytes behind a right header give a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const error = await read(packOf([bytes], 2)).catch((e: unknown) => e)
        expect(isGitError(error)).toBe(true)
      }),
    )
  })

  test.each([
    ['a type that does not exist', packOf([Buffer.from([0x50, 1])])],
    ['bytes behind the checksum', Buffer.concat([whole, Buffer.from('x')])],
    ['another version', Buffer.from('PACK\0\0\0\x04\0\0\0\0')],
    ['no pack', Buffer.from('<html>........')],
    ['an impossible size', packOf([Buffer.concat([Buffer.from([0xbf]), Buffer.alloc(9, 0xff), Buffer.from([1])])])],
    [
      'an OFS delta to itself',
      packOf([Buffer.concat([header(6, 4), Buffer.from([0]), deflateSync(Buffer.from([0, 0, 0, 0]))])]),
    ],
    [
      'an OFS delta to before the pack',
      packOf([Buffer.concat([header(6, 2), Buffer.from([0xff, 0x7f]), deflateSync(Buffer.from([0, 0]))])]),
    ],
    ['an OFS delta that never ends', packOf([Buffer.concat([header(6, 2), Buffer.alloc(30, 0xff)])])],
  ])('refused: %s', async (_what, bytes) => {
    await expect(read(bytes)).rejects.toMatchObject({ code: 'Malformed' })
  })

  test("deltas that are each other's base are an error, not a loop", async () => {
    const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
    const none = new DeltaWriter(0).finish()
    const pack = writePack(
      [
        { type: 'ref-delta', base: a, bytes: none },
        { type: 'ref-delta', base: b, bytes: none },
      ],
      SHA1,
    )
    await expect(read(Buffer.concat(pack))).rejects.toMatchObject({ code: 'Malformed' })
  })
})

describe('hostile sizes', () => {
  test('a declared size beyond the limit is refused before its bytes arrive', async () => {
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield packOf([header(3, 2 ** 40)]).subarray(0, -20)
      throw new Error('read on')
    }
    const reading = readPack(endless(), { format: SHA1, limits }).next()
    await expect(reading).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxObjectBytes' } })
  })

  test('so is a number of objects', async () => {
    await expect(read(packOf([], 0xffffffff))).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxObjects' },
    })
  })

  test.each([0, 1, 10, 5000])('a stream that inflates to more than its declared %i bytes is damage', async (size) => {
    const bomb = packOf([Buffer.concat([header(3, size), deflateSync(Buffer.alloc(50 << 20))])])
    await expect(read(bomb)).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a stream that gives less than declared is damage', async () => {
    const short = packOf([Buffer.concat([header(3, 100), deflateSync(Buffer.alloc(99))])])
    await expect(read(short)).rejects.toMatchObject({ code: 'Malformed' })
  })

  test('a stream of empty blocks without an end is given up', async () => {
    let sent = 0
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      yield packOf([Buffer.concat([header(3, 10), Buffer.from([0x78, 0x9c])])]).subarray(0, -20)
      const blocks = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from([0, 0, 0, 0xff, 0xff])))
      for (; ; sent += blocks.length) yield blocks
    }
    await expect(readPack(endless(), { format: SHA1, limits }).next()).rejects.toMatchObject({ code: 'Malformed' })
    expect(sent).toBeLessThan(8 << 20)
  })

  test('deltas that double their base stop at the limits', async () => {
    const entries: PackEntry[] = []
    let bytes = Buffer.alloc(1024, 'x')
    entries.push({ type: 'blob', bytes })
    for (let i = 0; i < 14; i++) {
      const delta = new DeltaWriter(bytes.length)
      delta.copy(0, bytes.length)
      delta.copy(0, bytes.length)
      entries.push({ type: 'ref-delta', base: objectId(SHA1, 'blob', bytes), bytes: delta.finish() })
      bytes = Buffer.concat([bytes, bytes])
    }
    const pack = Buffer.concat(writePack(entries, SHA1))
    await expect(read(pack)).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxObjectBytes' } })
    const roomy = { ...limits, maxObjectBytes: 1 << 30 }
    await expect(read(pack, { limits: roomy })).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxHeldBytes' },
    })
  })

  test('a long chain of deltas whose bases all come later takes no quadratic time', async () => {
    const first = Buffer.from('0')
    let base = objectId(SHA1, 'blob', first)
    let size = first.length
    const entries: PackEntry[] = [{ type: 'blob', bytes: first }]
    for (let i = 1; i <= 30_000; i++) {
      const bytes = Buffer.from(String(i))
      const delta = new DeltaWriter(size)
      delta.insert(bytes)
      entries.push({ type: 'ref-delta', base, bytes: delta.finish() })
      base = objectId(SHA1, 'blob', bytes)
      size = bytes.length
    }
    const pack = Buffer.concat(writePack(entries.reverse(), SHA1))
    const objects = await read(pack, { limits: { ...limits, maxDeltaDepth: 30_000 } })
    expect(objects).toHaveLength(30_001)
    expect(new Set(objects.map(({ bytes }) => bytes.toString())).size).toBe(30_001)
    await expect(read(pack)).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxDeltaDepth' } })
  })
})
