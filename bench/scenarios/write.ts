import type { Implementations } from '../scenario.ts'

/** One commit on what main is, to be a branch of the server, by clients that hold nothing; the engine apart. */
export const coldWrite = (branch: string): Omit<Implementations, 'engine'> => ({
  'git-partial':
    ({ clone, commitPlumbing, git }) =>
    async () => {
      await clone('--bare', '--depth', '1', '--filter=blob:none')
      await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/${branch}`)
      return undefined
    },
  'git-shallow':
    ({ clone, commitFiles, git }) =>
    async () => {
      await clone('--depth', '1')
      await commitFiles()
      await git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
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
})

/** One commit on the branch as it is, by clients that hold nothing. */
export const COLD_WRITE: Implementations = {
  ...coldWrite('main'),
  engine:
    ({ repo, depth, write }) =>
    async () =>
      void (await write(await repo.edit('main', { depth }))),
  'engine-levels':
    ({ repo, write }) =>
    async () =>
      void (await write(await repo.edit('main'))),
}
