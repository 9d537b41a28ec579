import type { Scenario } from '../scenario.ts'

const COMMITS = 30
const OF_A_PATH = 10

async function idsOf(commits: AsyncIterable<{ readonly oid: string }>): Promise<string[]> {
  const ids: string[] = []
  for await (const { oid } of commits) ids.push(oid)
  return ids
}

export const history: Scenario = {
  name: 'history',
  title: `The ${COMMITS} newest commits`,
  task: () => ({ count: COMMITS }),
  truth: async (store, { count }) => (await store.log('main')).slice(0, count),
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        idsOf(repo.history('main', { limit: task.count })),
    'git-partial':
      ({ clone, git, task }) =>
      async () => {
        await clone('--bare', '--depth', String(task.count), '--filter=tree:0')
        return (await git('rev-list', `--max-count=${task.count}`, 'HEAD')).split('\n')
      },
    'git-shallow':
      ({ clone, git, task }) =>
      async () => {
        await clone('--bare', '--depth', String(task.count))
        return (await git('rev-list', `--max-count=${task.count}`, 'HEAD')).split('\n')
      },
    isomorphic:
      ({ clone, git, at, task }) =>
      async () => {
        await clone({ depth: task.count, noCheckout: true })
        return (await git.log({ ...at, depth: task.count })).map(({ oid }) => oid)
      },
    'go-git': true,
  },
}

export const historyOfPath: Scenario = {
  name: 'history-path',
  title: `The ${OF_A_PATH} newest commits of a file`,
  note: 'The file is changed by one commit of 50. git takes a clone without contents; with tree:0 it would ask for each tree on its own.',
  task: ({ hot }) => ({ path: hot, count: OF_A_PATH }),
  truth: async (store, { path, count }) =>
    (await store.git('rev-list', `--max-count=${count}`, 'main', '--', path)).split('\n'),
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        idsOf(repo.history('main', { path: task.path, limit: task.count })),
    'git-partial':
      ({ clone, git, task }) =>
      async () => {
        await clone('--bare', '--filter=blob:none')
        return (await git('rev-list', `--max-count=${task.count}`, 'HEAD', '--', task.path)).split('\n')
      },
  },
}
