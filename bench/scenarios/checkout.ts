import { join } from 'node:path'
import type { Scenario } from '../scenario.ts'

export const checkout: Scenario = {
  name: 'checkout',
  title: 'Write a folder with all below it to disk',
  note: 'About a third of all files. git writes a sparse work tree.',
  core: true,
  task: ({ share }) => ({ path: share }),
  truth: async (store, { path }) => (await store.lsTree('main', path)).length,
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        (await repo.checkout('main', join(task.scratch, 'out'), { include: [`/${task.path}/**`] })).files,
    'git-partial':
      ({ clone, git, task }) =>
      async () => {
        await clone('--depth', '1', '--filter=blob:none', '--sparse', '--no-checkout')
        await git('sparse-checkout', 'set', '--no-cone', `/${task.path}/`)
        await git('checkout', '--quiet')
        return (await git('ls-files', task.path)).split('\n').length
      },
    'git-shallow':
      ({ clone, git, task }) =>
      async () => {
        await clone('--depth', '1', '--no-checkout')
        await git('sparse-checkout', 'set', '--no-cone', `/${task.path}/`)
        await git('checkout', '--quiet')
        return (await git('ls-files', task.path)).split('\n').length
      },
    'go-git': true,
  },
}
