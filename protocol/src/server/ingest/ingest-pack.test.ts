import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { git, gitBytes } from '../../../../test/kit/remote/git.ts'
import { ByteReader } from '../../format/byte-reader.ts'
import { DeltaWriter } from '../../format/delta.ts'
import { GitError } from '../../format/errors.ts'
import { objectId, SHA1 } from '../../format/object-id.ts'
import { writePack } from '../../format/pack-writer.ts'
import type { PackEntry } from '../../format/pack-writer.ts'
import { StoredPack } from '../pack/stored-pack.ts'
import type { StoredObject } from '../pack/object-reader.ts'
import { memoryStore } from '../store/memory-store.ts'
import { ingestPack } from './ingest-pack.ts'

const LIMITS = { maxObjects: 100_000, maxObjectBytes: 1 << 24, maxHeldBytes: 1 << 16, maxDeltaDepth: 60 }

let folder: string
/** Of a repository with a history, made by git: the whole of it, and a thin pack of its last commit. */
let whole: Buffer
let thin: Buffer
let ids: string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ingest-'))
  const run = (...args: string[]): Promise<string> => git(folder, folder, args)
  await run('init', '-q')
  for (let i = 0; i < 30; i++) {
    const lines = Array.from({ length: 200 }, (_, line) => `line ${line % 40 === i ? `changed ${i}` : line}`)
    await writeFile(join(folder, 'file'), lines.join('\n'))
    await writeFile(join(folder, `other-${i % 3}`), `${i}`)
    await run('add', '-A')
    await run('commit', '-q', '-m', `${i}`)
  }
  const pack = (args: string[], input: string): Promise<Buffer> =>
    gitBytes(folder, folder, ['pack-objects', '--stdout', '-q', ...args], { input })
  whole = await pack(['--all', '--delta-base-offset'], '')
  thin = await pack(['--thin', '--revs'], 'HEAD\n^HEAD~1\n')
  ids = (await run('rev-list', '--all', '--objects', '--no-object-names')).split('\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function ingest(bytes: Buffer, find: (oid: string) => Promise<StoredObject | undefined> = async () => undefined) {
  const staged = await memoryStore().stage('r')
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777)
  }
  const there = { find, typeOf: async (oid: string) => (await find(oid))?.type }
  const pack = await ingestPack(new ByteReader(chunks()), staged, { format: SHA1, limits: LIMITS, there })
  const stored = new StoredPack(staged, pack.index, { format: SHA1, maxObjectBytes: LIMITS.maxObjectBytes })
  return { pack, stored, bytes: await staged.read(0, staged.size) }
}

test('a pack of git is kept as it is, and what is in it is what git says', async () => {
  const { pack, stored, bytes } = await ingest(whole)
  expect(bytes.equals(whole)).toBe(true)
  expect(pack).toMatchObject({
    objects: ids.length,
    name: whole.toString('hex', whole.length - 20),
    missing: new Set(),
  })
  for (const oid of ids) {
    const { type, bytes: content } = await stored.objectAt(stored.offsetOf(oid) ?? -1)
    expect(objectId(SHA1, type, content)).toBe(oid)
  }
})

test('a thin pack is completed: git takes it, alone, and its index is ours', async () => {
  const all = await ingest(whole)
  const { pack, bytes } = await ingest(thin, async (oid) => {
    const at = all.stored.offsetOf(oid)
    return at === undefined ? undefined : await all.stored.objectAt(at)
  })
  expect(bytes.length).toBeGreaterThan(thin.length)
  await writeFile(join(folder, 'completed.pack'), bytes)
  expect(await git(folder, folder, ['index-pack', 'completed.pack'])).toBe(pack.name)
  expect((await gitBytes(folder, folder, ['show-index'], { input: pack.index })).toString()).toBe(
    (
      await gitBytes(folder, folder, ['show-index'], { input: await readFile(join(folder, 'completed.idx')) })
    ).toString(),
  )
  await expect(ingest(thin)).rejects.toThrow(/the bases of \d+ deltas are neither in the pack nor in the repository/)
})

test('whatever the bytes: a pack, or a GitError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(255), fc.boolean(), async (at, value, isCut) => {
      const bytes = Buffer.from(whole)
      bytes[at % bytes.length] = value
      const given = isCut ? bytes.subarray(0, at % bytes.length) : bytes
      if (given.equals(whole)) return
      const ended = await ingest(given).catch((error: unknown) => error)
      expect(ended).toBeInstanceOf(GitError)
    }),
    { numRuns: 150 },
  )
})

const tree = (...entries: [mode: string, name: string][]): PackEntry => ({
  type: 'tree',
  bytes: Buffer.concat(
    entries.flatMap(([mode, name]) => [Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.alloc(20, 1)]),
  ),
})
const commit = (text: string): PackEntry => ({ type: 'commit', bytes: Buffer.from(text) })
const HEAD = `tree ${'1'.repeat(40)}\n`
const ANN = 'Ann <ann@example.com> 1 +0000'

test.each([
  ['.git in disguise', tree(['40000', '.GiT']), /takes for "\.git"/],
  ['a name of two parts', tree(['100644', 'a/b']), /slash/],
  ['..', tree(['40000', '..']), /has a part "\.\."/],
  ['no order', tree(['100644', 'b'], ['100644', 'a']), /not in order/],
  ['a folder that sorts otherwise', tree(['40000', 'a'], ['100644', 'a.b']), /not in order/],
  ['a name twice', tree(['100644', 'a'], ['40000', 'a']), /twice/],
  ['a mode that does not exist', tree(['100600', 'a']), /mode 100600/],
  ['a mode with a zero', tree(['040000', 'a']), /begins with 0/],
  ['no author', commit(`${HEAD}committer ${ANN}\n\nx`), /does not begin with tree/],
  ['no tree', commit(`author ${ANN}\ncommitter ${ANN}\n\nx`), /does not begin with tree/],
  ['a date that is none', commit(`${HEAD}author Ann <a> x\ncommitter ${ANN}\n\nx`), /does not begin with tree/],
  ['NUL in headers', commit(`${HEAD}author ${ANN}\ncommitter ${ANN}\nx a\0b\n\nx`), /NUL/],
])('%s is refused, as git fsck refuses it', async (_, entry, message) => {
  const pack = Buffer.concat(writePack([entry], SHA1))
  await expect(ingest(pack)).rejects.toThrow(message)
  if (entry.type === 'ref-delta') return
  const judged = git(folder, folder, ['-c', 'fsck.badFilemode=error', 'hash-object', '-t', entry.type, '--stdin'], {
    input: Buffer.from(entry.bytes),
  })
  // It is refused by git as it is written, or by its fsck.
  const written = await judged.catch(() => undefined)
  if (written === undefined) return
  const fsck = git(
    folder,
    folder,
    ['-c', 'receive.fsckObjects=true', 'index-pack', '--strict=badFilemode=error,nullSha1=error', '--stdin'],
    { input: pack },
  )
  await expect(fsck).rejects.toThrow(/fsck error|object corrupt|error in/)
})

test('what comes twice is refused, and what is more than is allowed', async () => {
  const blob = { type: 'blob' as const, bytes: Buffer.from('a') }
  await expect(ingest(Buffer.concat(writePack([blob, blob], SHA1)))).rejects.toThrow('comes twice in the pack')
  const large = { type: 'tree' as const, bytes: Buffer.alloc(LIMITS.maxObjectBytes + 1) }
  await expect(ingest(Buffer.concat(writePack([large], SHA1)))).rejects.toMatchObject({ code: 'LimitExceeded' })
})

test('a chain of deltas that is longer than it may be is refused, though each of its bases is at hand', async () => {
  const chain = (depth: number): Buffer => {
    const entries: PackEntry[] = [{ type: 'blob', bytes: Buffer.from('0') }]
    for (let i = 1, base = '0'; i <= depth; base = String(i++)) {
      const delta = new DeltaWriter(base.length)
      delta.insert(Buffer.from(String(i)))
      entries.push({ type: 'ref-delta', base: objectId(SHA1, 'blob', Buffer.from(base)), bytes: delta.finish() })
    }
    return Buffer.concat(writePack(entries, SHA1))
  }
  const { stored } = await ingest(chain(60))
  const last = stored.offsetOf(objectId(SHA1, 'blob', Buffer.from('60'))) ?? -1
  expect(await stored.typeAt(last)).toBe('blob')
  expect((await stored.objectAt(last)).bytes.toString()).toBe('60')
  await expect(ingest(chain(61))).rejects.toMatchObject({ code: 'LimitExceeded' })
})

test('what is referred to as something else than it is, is refused', async () => {
  const text = { type: 'blob' as const, bytes: Buffer.from('text') }
  const blob = objectId(SHA1, 'blob', text.bytes)
  const entry = (mode: string): PackEntry => ({
    type: 'tree',
    bytes: Buffer.concat([Buffer.from(`${mode} a\0`), Buffer.from(blob, 'hex')]),
  })
  const ofTree = commit(`tree ${blob}\nauthor ${ANN}\ncommitter ${ANN}\n\nx`)
  for (const wrong of [entry('40000'), ofTree]) {
    const message = `${blob} is a blob, and something refers to it as to a tree`
    await expect(ingest(Buffer.concat(writePack([wrong, text], SHA1)))).rejects.toThrow(message)
    const there = async (oid: string) => (oid === blob ? text : undefined)
    await expect(ingest(Buffer.concat(writePack([wrong], SHA1)), there)).rejects.toThrow(message)
  }
  const { pack } = await ingest(Buffer.concat(writePack([entry('100644'), text], SHA1)))
  expect(pack.missing.size).toBe(0)
  expect((await ingest(Buffer.concat(writePack([entry('100644')], SHA1)))).pack.missing).toEqual(new Set([blob]))
})

test('what refers to more than can come or be there is not remembered to the end', async () => {
  const entries = Array.from({ length: 30_000 }, (_, i) => {
    const oid = Buffer.alloc(20, 1)
    oid.writeUInt32BE(i)
    return Buffer.concat([Buffer.from(`100644 ${String(i).padStart(6, '0')}\0`), oid])
  })
  const large = Buffer.concat(writePack([{ type: 'tree', bytes: Buffer.concat(entries) }], SHA1))
  await expect(ingest(large)).rejects.toThrow('refers to more objects than it has and are here')
  const text = { type: 'blob' as const, bytes: Buffer.from('text') }
  expect((await ingest(large, async () => text)).pack.missing.size).toBe(0)
})
