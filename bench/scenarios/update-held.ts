import { contentOf } from '../layout.ts'
import type { Scenario } from '../scenario.ts'

/** One line of the content that the sample has in its last commit is another one. */
export const updateHeld: Scenario = {
  name: 'update-held',
  title: 'Change a line of a file, warm, the old content held',
  note: 'The client has read the file, of 24 KB and four folders deep, before: it may send a difference.',
  task: ({ hot, files }) => {
    const number = files.indexOf(hot)
    return { path: hot, put: [{ path: hot, content: contentOf(number, 1_000_000) }] }
  },
  clients: {
    engine: async ({ repo, hold, write, task }) => {
      const base = await hold()
      const held = await repo.file('main', task.path)
      return async () => void (await write(await repo.edit('main', { base }), task.put, held.bytes))
    },
    'git-partial': async ({ clone, commitPlumbing, git, task }) => {
      await clone('--bare', '--depth', '1', '--filter=blob:none')
      await git('cat-file', 'blob', `HEAD:${task.path}`)
      return async () => {
        await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/main`)
        return undefined
      }
    },
  },
}
