import type { Scenario } from '../scenario.ts'

const EDITS = 10

export const tenEdits: Scenario = {
  name: 'ten-edits',
  title: 'Ten edits, ten pushes, from cold',
  note: 'Each edit is one file of 0.1 KB in the same folder; the client keeps what it has from one to the next.',
  core: true,
  task: ({ fourDeep }) => ({
    count: EDITS,
    put: Array.from({ length: EDITS }, (_, i) => ({
      path: `${fourDeep}/new-${i}.json`,
      content: `{ "edit": ${i}, "text": "${'one of ten, '.repeat(6)}" }\n`,
    })),
  }),
  clients: {
    engine:
      ({ repo, depth, write, task }) =>
      async () => {
        let base = await repo.snapshot('main', { depth })
        for (const put of task.put) base = await write(await repo.edit('main', { base }), [put])
        return undefined
      },
    'git-partial':
      ({ clone, commitPlumbing, git, task }) =>
      async () => {
        await clone('--bare', '--depth', '1', '--filter=blob:none')
        for (const put of task.put) {
          const commit = await commitPlumbing([put])
          await git('push', '--quiet', 'origin', `${commit}:refs/heads/main`)
          await git('update-ref', 'HEAD', commit)
        }
        return undefined
      },
    'git-shallow':
      ({ clone, commitFiles, git, task }) =>
      async () => {
        await clone('--depth', '1')
        for (const put of task.put) {
          await commitFiles([put])
          await git('push', '--quiet', 'origin', 'HEAD:refs/heads/main')
        }
        return undefined
      },
    isomorphic:
      ({ clone, write, task }) =>
      async () => {
        await clone()
        for (const put of task.put) await write([put])
        return undefined
      },
    'go-git': true,
  },
}
