import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { serializeCommit } from './commit.ts'
import { objectId, SHA1, SHA256 } from './object-id.ts'
import type { ObjectId } from './object-id.ts'
import { readPack } from './pack-reader.ts'
import { writePack } from './pack-writer.ts'
import type { PackEntry } from './pack-writer.ts'
import { editTree } from './tree-edit.ts'
import { Mode, serializeTree } from './tree.ts'

const who = { name: 'A', email: 'a@b', date: new Date(1_700_000_000_000) }

test.each([SHA1, SHA256])(
  'git index-pack --strict takes packs with objects of every size and with deltas ($name)',
  async (format) => {
    const dir = await mkdtemp(join(tmpdir(), 'gitsync-write-'))
    try {
      await git(dir, dir, ['init', '--quiet', '--bare', `--object-format=${format.name}`])
      const blobs = [0, 1, 15, 16, 17, 2047, 2048, 2049, 262_143, 262_144, 300_000].map((size) =>
        Buffer.alloc(size, size % 251),
      )
      const files = blobs.map((bytes, i) => ({
        mode: Mode.file,
        rawName: `file-${i}`,
        oid: objectId(format, 'blob', bytes),
      }))
      const tree = serializeTree(files)
      const base = objectId(format, 'tree', tree)
      const commit = (root: ObjectId, parents: ObjectId[]): Buffer =>
        serializeCommit({ tree: root, parents, author: who, committer: who, message: 'm' })
      const first = commit(base, [])
      const entries: PackEntry[] = [
        ...blobs.map((bytes) => ({ type: 'blob', bytes }) as const),
        { type: 'tree', bytes: tree },
        { type: 'commit', bytes: first },
      ]
      const index = (pack: PackEntry[]): Promise<string> =>
        git(dir, dir, ['index-pack', '--strict', '--stdin', '--fix-thin'], {
          input: Buffer.concat(writePack(pack, format)),
        })
      await index(entries)

      const edited = editTree(tree, new Map([['file-3', null]]), format)
      const second = commit(objectId(format, 'tree', edited.tree), [objectId(format, 'commit', first)])
      await index([
        { type: 'commit', bytes: second },
        { type: 'ref-delta', base, bytes: edited.delta },
      ])
      await git(dir, dir, ['update-ref', 'refs/heads/main', objectId(format, 'commit', second)])
      await git(dir, dir, ['fsck', '--strict', '--full'])
      expect((await git(dir, dir, ['ls-tree', '--name-only', 'main'])).split('\n')).toHaveLength(blobs.length - 1)
      expect(await index([])).toMatch(/^pack\t/)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
)

test('what is written is read back', async () => {
  const entry = fc.record({
    type: fc.constantFrom('blob', 'commit', 'tree', 'tag'),
    bytes: fc.uint8Array({ maxLength: 5000, size: 'max' }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async (entries) => {
      const limits = { maxObjects: 10, maxObjectBytes: 5000, maxHeldBytes: 50_000 }
      const read: { type: string; bytes: number[] }[] = []
      const chunks = (async function* () {
        yield* writePack(entries, SHA1)
      })()
      for await (const { type, bytes } of readPack(chunks, { format: SHA1, limits }))
        read.push({ type, bytes: [...bytes] })
      expect(read).toEqual(entries.map(({ type, bytes }) => ({ type, bytes: [...bytes] })))
    }),
    { numRuns: 50 },
  )
})
