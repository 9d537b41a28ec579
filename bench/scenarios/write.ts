import type { Implementations } from '../scenario.ts'

/** One commit on the branch as it is, by clients that hold nothing. */
export const COLD_WRITE: Implementations = {
  engine:
    ({ repo, depth, write }) =>
    async () =>
      void (await write(await repo.edit('main', { depth }))),
  'engine-levels':
    ({ repo, write }) =>
    async () =>
      void (await write(await repo.edit('main'))),
  'git-partial':
    ({ clone, commitPlumbing, git }) =>
    async () => {
      await clone('--bare', '--depth', '1', '--filter=blob:none')
      await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/main`)
      return undefined
    },
  'git-shallow':
    ({ clone, commitFiles, git }) =>
    async () => {
      await clone('--depth', '1')
      await commitFiles()
      await git('push', '--quiet', 'origin', 'HEAD:refs/heads/main')
      return undefined
    },
  isomorphic:
    ({ clone, write }) =>
    async () => {
      await clone()
      await write()
      return undefined
    },
  'go-git': true,
}
