import type { Edit, Repository } from '@gitsync/protocol'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { startRemote } from '../../kit/remote/index.ts'
import type { FileContent, Remote, RemoteOptions, RepositoryOptions, TestRepository } from '../../kit/remote/index.ts'

export const author = { name: 'Ann Example', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }

/** Files in folders of several depths, one of them larger than a packet. */
export const FILES = { 'a/b/c/d': '1', 'a/x': 'x', 'other/deep/er/file': 'big '.repeat(2000), top: 'top' }

/** A remote for the tests of a file. */
export interface UsedRemote extends Remote {
  /** A repository of its own: with these files in one commit, or without a commit. */
  readonly fresh: (
    files?: Readonly<Record<string, FileContent>>,
    options?: RepositoryOptions,
  ) => Promise<TestRepository>
  /** Requests since the test began, or the last `reset`: method and last part of the path. */
  readonly sent: () => string[]
}

/** Starts a remote before the tests of a file and stops it after them. Each begins without requests and faults of the others. */
export function useRemote(options: RemoteOptions = {}): UsedRemote {
  let count = 0
  const remote = {
    async fresh(files = {}, repository = {}) {
      const store = await remote.createRepository(`fresh-${++count}.git`, repository)
      if (Object.keys(files).length > 0) await store.commitFiles(files)
      return store
    },
    sent: () => remote.requests.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`),
  } as UsedRemote
  beforeAll(async () => {
    Object.assign(remote, await startRemote(options))
  })
  afterAll(() => remote.stop())
  beforeEach(() => remote.reset())
  return remote
}

/** One commit on main, pushed; gives its id. */
export async function change(repo: Repository, stage: (edit: Edit) => void): Promise<string> {
  const edit = await repo.edit('main')
  stage(edit)
  const commit = await edit.commit({ message: 'change', author })
  if (commit === null) throw new Error('nothing has been changed')
  await edit.push()
  return commit
}

/** As `change`, of one file. */
export function changeFile(repo: Repository, path: string, content: string): Promise<string> {
  return change(repo, (edit) => edit.put(path, content))
}
