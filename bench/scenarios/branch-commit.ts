import type { Scenario } from '../scenario.ts'
import { COLD_WRITE } from './write.ts'

const BRANCH = 'feature'

export const branchCommit: Scenario = {
  name: 'branch-commit',
  title: 'New branch with one commit, cold',
  task: ({ fourDeep }) => ({
    branch: BRANCH,
    put: [{ path: `${fourDeep}/new.json`, content: '{ "state": "new" }\n' }],
  }),
  clients: {
    engine:
      ({ repo, depth, write }) =>
      async () =>
        void (await write(await repo.edit(BRANCH, { create: true, from: 'main', depth }))),
    'git-partial':
      ({ clone, commitPlumbing, git }) =>
      async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/${BRANCH}`)
        return undefined
      },
    'git-shallow':
      ({ clone, commitFiles, git }) =>
      async () => {
        await clone('--depth', '1')
        await commitFiles()
        await git('push', '--quiet', 'origin', `HEAD:refs/heads/${BRANCH}`)
        return undefined
      },
    isomorphic: COLD_WRITE.isomorphic as NonNullable<typeof COLD_WRITE.isomorphic>,
    'go-git': true,
  },
}
