import type { TestRepository } from '../../test/kit/remote/index.ts'
import type { Implementations, Scenario } from '../scenario.ts'

const BRANCH = 'records'
const FILES = 5_000
const SPREAD = 50

const pathOf = (number: number): string => `records/record-${String(number).padStart(6, '0')}.json`
const contentOf = (number: number, state: string): string => `${state} ${number}\n`

/** A branch with one folder of many files. */
async function seed(store: TestRepository): Promise<void> {
  const files = Array.from({ length: FILES }, (_, i) => [pathOf(i), contentOf(i, 'new')])
  await store.commitFiles(Object.fromEntries(files) as Record<string, string>, { branch: BRANCH })
}

/** Clients that hold the branch, so that the figures are the push's. */
const WARM_WRITE: Implementations = {
  engine: async ({ repo, hold, write }) => {
    const base = await hold()
    return async () => void (await write(await repo.edit(BRANCH, { base })))
  },
  'git-partial': async ({ clone, commitPlumbing, git }) => {
    await clone('--bare', '--depth', '1', '--filter=blob:none', '--branch', BRANCH)
    return async () => {
      await git('push', '--quiet', 'origin', `${await commitPlumbing()}:refs/heads/${BRANCH}`)
      return undefined
    }
  },
}

export const flatFolder: Scenario = {
  name: 'flat-folder',
  title: 'Edit one file in a folder of 5,000, warm',
  note: 'On a branch of its own, the folder at the top. The new content is a word: what goes up is the tree.',
  sizes: ['xlarge'],
  seed,
  task: () => ({ branch: BRANCH, put: [{ path: pathOf(FILES / 2), content: contentOf(FILES / 2, 'edited') }] }),
  clients: WARM_WRITE,
}

export const flatFolder50: Scenario = {
  name: 'flat-folder-50',
  title: 'Edit 50 files, spread over a folder of 5,000, warm',
  note: 'Each new content is a word.',
  sizes: ['xlarge'],
  seed,
  task: () => ({
    branch: BRANCH,
    put: Array.from({ length: SPREAD }, (_, i) => {
      const number = Math.floor((i * FILES) / SPREAD)
      return { path: pathOf(number), content: contentOf(number, 'edited') }
    }),
  }),
  clients: WARM_WRITE,
}
