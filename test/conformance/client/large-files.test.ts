import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'
import { scriptedServer } from './scripted-server.ts'

const LARGE = randomBytes(3 << 20)
/** Nearly the same: what a server would rather send as a delta. */
const SIMILAR = Buffer.concat([LARGE, Buffer.from('and a little more')])

const FILES: Readonly<Record<string, string | Buffer>> = {
  'a/large.bin': LARGE,
  'a/run': LARGE,
  'a/similar.bin': SIMILAR,
  'a/small': 'small',
  empty: '',
}

let remote: Remote
let store: TestRepository
let scratch: string

beforeAll(async () => {
  remote = await startRemote()
  store = await remote.createRepository('large.git')
  await store.commitFiles({ ...FILES, 'a/run': { content: LARGE, mode: '100755' } })
  await store.git('repack', '-adfq', '--window=20')
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-large-'))
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

describe('readBlob', () => {
  test.each([
    ['a/large.bin', LARGE],
    ['a/similar.bin', SIMILAR],
    ['a/small', Buffer.from('small')],
    ['empty', Buffer.alloc(0)],
  ])('%s, with its size before its bytes', async (path, content) => {
    const blob = await openRepository(store.url).readBlob('main', path)
    expect(blob).toMatchObject({ path, size: content.length, oid: await store.git('rev-parse', `main:${path}`) })
    expect(sha(await buffer(blob.chunks))).toBe(sha(content))
  })

  test('is held by no limit on objects in memory', async () => {
    const repo = openRepository(store.url, { limits: { maxObjectBytes: 1 << 20, maxHeldBytes: 1 << 20 } })
    const { chunks } = await repo.readBlob('main', 'a/large.bin')
    expect(sha(await buffer(chunks))).toBe(sha(LARGE))
  })

  test('a reader that leaves ends the request', async () => {
    const asked = await store.git('rev-parse', 'main:a/large.bin')
    async function* stalled(answer: Buffer): AsyncGenerator<Uint8Array> {
      yield answer.subarray(0, answer.length / 2)
      await new Promise(() => undefined)
    }
    await using server = await scriptedServer(async ({ lines }, forward) => {
      return lines.includes(`want ${asked}`) ? { body: stalled(await forward()) } : undefined
    }, store.url)
    const { chunks } = await openRepository(server.url).readBlob('main', 'a/large.bin')
    for await (const chunk of chunks) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await expect.poll(() => server.connections(), { timeout: 10_000 }).toBe(0)
  })

  test('bytes of another object are refused at their end', async () => {
    const asked = await store.git('rev-parse', 'main:a/large.bin')
    const other = await store.git('rev-parse', 'main:a/similar.bin')
    const lie = (body: Buffer): Buffer => Buffer.from(body.toString('latin1').replace(asked, other), 'latin1')
    await using server = await scriptedServer(async ({ body }, forward) => {
      return body.includes(`want ${asked}`) ? { body: await forward(lie(body)) } : undefined
    }, store.url)
    const { chunks } = await openRepository(server.url, { retry: false }).readBlob('main', 'a/large.bin')
    await expect(buffer(chunks)).rejects.toMatchObject({ code: 'ObjectMissing' })
  })

  test('a server that sends files only with their commit', async () => {
    const tip = (await store.resolve('main')) ?? ''
    await using server = await scriptedServer(({ lines }) => {
      const foreign = lines.some((line) => line.startsWith('want ') && line !== `want ${tip}`)
      return foreign ? { body: '' } : undefined
    }, store.url)
    const { chunks } = await openRepository(server.url).readBlob('main', 'a/large.bin')
    expect(sha(await buffer(chunks))).toBe(sha(LARGE))
  })
})

describe('checkout', () => {
  test('writes large files while they arrive, once for each place, and leaves nothing else', async () => {
    const folder = join(scratch, 'all')
    const repo = openRepository(store.url, { limits: { maxObjectBytes: 4 << 20 } })
    const done = await repo.checkout('main', folder)
    expect(done).toMatchObject({ files: 5, bytes: 2 * LARGE.length + SIMILAR.length + 5 })
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(
      ['a', 'a/large.bin', 'a/run', 'a/similar.bin', 'a/small', 'empty'].sort(),
    )
    expect(sha(await readFile(join(folder, 'a/large.bin')))).toBe(sha(LARGE))
    expect(sha(await readFile(join(folder, 'a/run')))).toBe(sha(LARGE))
    expect(sha(await readFile(join(folder, 'a/similar.bin')))).toBe(sha(SIMILAR))
    const [plain, executable] = await Promise.all(['a/large.bin', 'a/run'].map((name) => stat(join(folder, name))))
    expect(plain?.mode && plain.mode & 0o111).toBe(0)
    expect(executable?.mode && executable.mode & 0o100).toBe(0o100)
    expect([plain?.nlink, executable?.nlink]).toEqual([1, 1])
  })

  test('a file cut off in the middle does not appear', async () => {
    const folder = join(scratch, 'cut')
    await using server = await scriptedServer(async ({ lines }, forward) => {
      const isBlobs = lines.filter((line) => line.startsWith('want ')).length > 1
      if (!isBlobs) return undefined
      const body = await forward()
      return { body: body.subarray(0, body.length / 2) }
    }, store.url)
    await expect(openRepository(server.url, { retry: false }).checkout('main', folder)).rejects.toMatchObject({
      name: 'GitError',
    })
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isDirectory()) continue
      const file = join(entry.parentPath, entry.name)
      const whole = FILES[relative(folder, file)]
      expect(whole, file).toBeDefined()
      expect(sha(await readFile(file)), file).toBe(sha(Buffer.from(whole ?? '')))
    }
  })
})
