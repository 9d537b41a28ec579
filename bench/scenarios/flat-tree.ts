import type { Scenario } from '../scenario.ts'

export const flatTree: Scenario = {
  name: 'flat-tree',
  title: 'List all files',
  core: true,
  task: () => ({}),
  truth: async (store) => (await store.lsTree('main')).length,
  clients: {
    engine:
      ({ repo }) =>
      async () =>
        (await repo.tree('main', { recursive: true })).length,
    'git-partial':
      ({ clone, git }) =>
      async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        return (await git('ls-tree', '-r', 'HEAD')).split('\n').length
      },
    'git-shallow':
      ({ clone, git }) =>
      async () => {
        await clone('--bare', '--depth', '1')
        return (await git('ls-tree', '-r', 'HEAD')).split('\n').length
      },
    isomorphic:
      ({ clone, git, at }) =>
      async () => {
        await clone({ noCheckout: true })
        return (await git.listFiles({ ...at, ref: 'main' })).length
      },
    'go-git': true,
  },
}
