import type { Scenario } from '../scenario.ts'

export const readDeep: Scenario = {
  name: 'read-deep',
  title: 'Read a file below six folders',
  core: true,
  task: ({ deep }) => ({ path: deep }),
  truth: async (store, { path }) => (await store.readFile('main', path)).length,
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        (await repo.file('main', task.path)).bytes.length,
    'git-partial':
      ({ clone, git, task }) =>
      async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        return Buffer.byteLength(await git('cat-file', 'blob', `HEAD:${task.path}`)) + 1
      },
    'git-shallow':
      ({ clone, git, task }) =>
      async () => {
        await clone('--bare', '--depth', '1')
        return Buffer.byteLength(await git('cat-file', 'blob', `HEAD:${task.path}`)) + 1
      },
    isomorphic:
      ({ clone, git, at, task }) =>
      async () => {
        await clone({ noCheckout: true })
        const oid = await git.resolveRef({ ...at, ref: 'main' })
        return (await git.readBlob({ ...at, oid, filepath: task.path })).blob.length
      },
    'go-git': true,
  },
}
