import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TestRepository } from '../../test/kit/remote/index.ts'
import type { Scenario } from '../scenario.ts'

const PATH = 'large/file.bin'
const MIB = 1 << 20
const LENGTH = 1 << 30
const TIMEOUT = 900_000

/** A file of 1 GiB, always the same; no two pieces of it are, so that a client that repeats or skips one is found out. */
function* chunks(): Generator<Buffer> {
  const seed = createHash('sha512').update('large file').digest()
  const chunk = Buffer.alloc(MIB)
  for (let at = 0; at < MIB; at += seed.length)
    createHash('sha512').update(seed).update(String(at)).digest().copy(chunk, at)
  for (let number = 0; number < LENGTH / MIB; number++) {
    const next = Buffer.from(chunk)
    for (let at = 0; at < MIB; at += 1024) next.writeUInt32LE(number, at)
    yield next
  }
}

const writeTo = (file: string): Promise<void> => pipeline(Readable.from(chunks()), createWriteStream(file))
const author = { name: 'Bench', email: 'bench@example.com', date: new Date(1_800_000_000_000) }

export const largeUp: Scenario = {
  name: 'large-up',
  title: 'Push a new file of 1 GiB',
  note: 'The content cannot be compressed. git takes it from a file, which was written before.',
  sizes: ['small'],
  large: true,
  timeout: TIMEOUT,
  task: () => ({ path: PATH }),
  truth: async (store) => Number(await store.git('cat-file', '-s', `main:${PATH}`)),
  clients: {
    engine:
      ({ repo, task }) =>
      async () => {
        const edit = await repo.edit('main', { writing: 'disk' })
        await edit.putStream(task.path, Readable.from(chunks()))
        await edit.commit({ message: 'Edit\n', author })
        await edit.push()
        return LENGTH
      },
    'git-partial': async ({ clone, git, task }) => {
      const file = join(task.scratch, 'file.bin')
      await writeTo(file)
      return async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        const blob = await git('hash-object', '-w', file)
        await git('read-tree', 'HEAD')
        await git('update-index', '--add', '--cacheinfo', `100644,${blob},${task.path}`)
        const tree = await git('write-tree', '--missing-ok')
        const commit = await git('commit-tree', tree, '-p', 'HEAD', '-m', 'Edit')
        await git('push', '--quiet', 'origin', `${commit}:refs/heads/main`)
        return LENGTH
      }
    },
  },
}

export const largeDown: Scenario = {
  name: 'large-down',
  title: 'Read a file of 1 GiB',
  note: 'Each client passes the content on as it comes, and keeps none.',
  sizes: ['small'],
  large: true,
  timeout: TIMEOUT,
  async seed(store: TestRepository) {
    const file = join(store.dir, 'file.bin')
    await writeTo(file)
    const blob = await store.git('hash-object', '-w', 'file.bin')
    const tree = await store.gitWith({ input: `100644 blob ${blob}\tfile.bin\n` }, 'mktree')
    const root = await store.gitWith({ input: `040000 tree ${tree}\tlarge\n` }, 'mktree')
    const commit = await store.git('commit-tree', root, '-m', 'Edit')
    await store.git('update-ref', 'refs/heads/main', commit)
  },
  task: () => ({ path: PATH }),
  truth: () => Promise.resolve(LENGTH),
  clients: {
    engine:
      ({ repo, task }) =>
      async () => {
        let length = 0
        const { chunks } = await repo.readBlob('main', task.path)
        for await (const chunk of chunks) length += chunk.length
        return length
      },
    'git-partial':
      ({ clone, drain, task }) =>
      async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        return drain('cat-file', 'blob', `HEAD:${task.path}`)
      },
  },
}
