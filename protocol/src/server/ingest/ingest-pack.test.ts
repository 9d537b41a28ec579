import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { git, gitBytes } from '../../../../test/kit/remote/git.ts'
import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { objectId, SHA1 } from '../../format/object-id.ts'
import { writePack } from '../../format/pack-writer.ts'
import type { PackEntry } from '../../format/pack-writer.ts'
import { StoredPack } from '../pack/stored-pack.ts'
import type { StoredObject } from '../pack/object-reader.ts'
import { memoryStore } from '../store/memory-store.ts'
import { ingestPack } from './ingest-pack.ts'

const LIMITS = { maxObjects: 100_000, maxObjectBytes: 1 << 24, maxHeldBytes: 1 << 16 }

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

async function ingest(
  bytes: Buffer,
  external: (oid: string) => Promise<StoredObject | undefined> = async () => undefined,
) {
  const staged = await memoryStore().stage('r')
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777)
  }
  const pack = await ingestPack(new ByteReader(chunks()), staged, { format: SHA1, limits: LIMITS, external })
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
