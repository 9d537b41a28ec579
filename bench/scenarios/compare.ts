import type { TestRepository } from '../../test/kit/remote/index.ts'
import type { GitKit } from '../clients/git-kit.ts'
import type { Operation, Scenario, Task } from '../scenario.ts'

const SHALLOW = ['--quiet', '--depth', '1']
const TREES_ONLY = [...SHALLOW, '--filter=blob:none']

async function diffOf(store: TestRepository, { base, head }: Task): Promise<number> {
  return (await store.git('diff-tree', '-r', '--no-renames', '--name-status', base, head)).split('\n').length
}

const countDifferences = async ({ git, task }: GitKit): Promise<number> =>
  (await git('diff-tree', '-r', '--no-renames', '--name-status', task.base, task.head)).split('\n').length

const fetchBoth =
  (options: readonly string[]) =>
  (kit: GitKit): Operation =>
  async () => {
    await kit.init()
    await kit.git('fetch', ...options, 'origin', kit.task.base, kit.task.head)
    return countDifferences(kit)
  }

const near = (apart: number): Scenario => ({
  name: `compare-${apart}`,
  title: `Compare with HEAD~${apart}, ids given`,
  ...(apart === 10 ? { core: true as const } : {}),
  task: () => ({ apart }),
  truth: diffOf,
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        (await repo.compare(task.base, task.head)).length,
    'git-partial': fetchBoth(TREES_ONLY),
    'git-shallow': fetchBoth(SHALLOW),
    isomorphic:
      ({ clone, git, at, task }) =>
      async () => {
        await clone({ depth: task.apart + 1, noCheckout: true })
        const changed: unknown = await git.walk({
          ...at,
          trees: [git.TREE({ ref: task.base }), git.TREE({ ref: task.head })],
          async map(path, [before, after]) {
            if (path === '.') return undefined
            const [one, other] = [await before?.oid(), await after?.oid()]
            if (one === other) return null
            return (await (after ?? before)?.type()) === 'blob' ? path : undefined
          },
        })
        return (changed as string[]).length
      },
    'go-git': true,
  },
})

export const compare1 = near(1)
export const compare10 = near(10)

/** The first commit: what lies between is the whole history. */
export const compareFar: Scenario = {
  name: 'compare-far',
  title: 'Compare with the first commit, ids given',
  note: 'The engine is told that the two are far apart. Clients that clone would need the whole history.',
  task: ({ size }) => ({ apart: size.commits - 1 }),
  truth: diffOf,
  clients: {
    engine:
      ({ repo, task }) =>
      async () =>
        (await repo.compare(task.base, task.head, { far: true })).length,
    'engine-levels':
      ({ repo, task }) =>
      async () =>
        (await repo.compare(task.base, task.head)).length,
    'git-partial': fetchBoth(TREES_ONLY),
  },
}

export const compareHeld: Scenario = {
  name: 'compare-held',
  title: 'Compare with HEAD~10, HEAD being held',
  note: 'The client has all trees of HEAD, and is given the id of the other.',
  task: () => ({ apart: 10 }),
  truth: diffOf,
  clients: {
    engine: async ({ repo, task }) => {
      const held = await repo.read(await repo.snapshot('main'), { folders: [''], recursive: true })
      return async () => (await repo.compare(task.base, held)).length
    },
    'git-partial': async (kit) => {
      await kit.init()
      await kit.git('fetch', ...TREES_ONLY, 'origin', kit.task.head)
      return async () => {
        await kit.git('fetch', ...TREES_ONLY, 'origin', kit.task.base)
        return countDifferences(kit)
      }
    },
  },
}
