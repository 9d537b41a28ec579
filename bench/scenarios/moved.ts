import { contentOf } from '../layout.ts'
import type { Scenario } from '../scenario.ts'

const FOREIGN_COMMITS = 10
const SMALL = '{ "state": "edited" }\n'

/** The client is warm, but the branch has moved: the push is refused, and made again on top. */
export const moved: Scenario = {
  name: 'moved',
  title: 'Edit one file after ten commits of others',
  note: 'The client has the branch as it was; its first push is refused.',
  task: ({ hot }) => ({ put: [{ path: hot, content: SMALL }] }),
  async meanwhile(store, { files }) {
    for (let i = 0; i < FOREIGN_COMMITS; i++) {
      const file = Math.floor((i * files.length) / FOREIGN_COMMITS)
      await store.commitFiles({ [files[file] ?? '']: contentOf(file, 2_000_000) })
    }
  },
  clients: {
    engine: async ({ repo, hold, write }) => {
      const warm = await hold()
      return async () => {
        try {
          await write(await repo.edit('main', { base: warm }))
        } catch (error) {
          const { actual } = (error as { details: { actual: string } }).details
          await write(await repo.edit('main', { base: await repo.advance(warm, actual) }))
        }
        return undefined
      }
    },
    'git-partial': async ({ clone, commitPlumbing, git }) => {
      await clone('--bare', '--depth', '1', '--filter=blob:none')
      return async () => {
        const refused = await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/main`).then(
          () => false,
          () => true,
        )
        if (!refused) throw new Error('the branch had not moved')
        await git('fetch', '--quiet', '--depth', '1', 'origin', 'main')
        const commit = await commitPlumbing(undefined, 'FETCH_HEAD')
        await git('push', '--quiet', 'origin', `${commit}:refs/heads/main`)
        return undefined
      }
    },
  },
}
