import type { Scenario } from '../scenario.ts'
import { coldWrite } from './write.ts'

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
    ...coldWrite(BRANCH),
  },
}
