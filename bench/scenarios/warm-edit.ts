import type { Scenario } from '../scenario.ts'

const SMALL = '{ "state": "edited" }\n'

export const warmEdit: Scenario = {
  name: 'warm-edit',
  title: 'Edit one file, warm',
  note: 'The client has the branch from an edit before: the engine a snapshot, the others their clone.',
  task: ({ hot }) => ({ put: [{ path: hot, content: SMALL }] }),
  clients: {
    engine: async ({ repo, hold, write }) => {
      const base = await hold()
      return async () => void (await write(await repo.edit('main', { base })))
    },
    'git-partial': async ({ clone, commitPlumbing, git }) => {
      await clone('--bare', '--depth', '1', '--filter=blob:none')
      return async () => {
        await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/main`)
        return undefined
      }
    },
    'git-shallow': async ({ clone, commitFiles, git }) => {
      await clone('--depth', '1')
      return async () => {
        await commitFiles()
        await git('push', '--quiet', 'origin', 'HEAD:refs/heads/main')
        return undefined
      }
    },
    isomorphic: async ({ clone, write }) => {
      await clone()
      return async () => {
        await write()
        return undefined
      }
    },
    'go-git': true,
  },
}
