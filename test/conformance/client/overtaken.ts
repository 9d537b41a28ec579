import type { Repository, Snapshot } from '@gitsync/protocol'
import type { TestRepository } from '../../kit/remote/index.ts'
import { author } from './fixture.ts'

/**
 * Fills an empty repository with more folders than a cheap answer can hold, pushes `mine/a`, and has somebody else push ten
 * commits after it: their folder is `theirs`, and `f0/x0` to `f9/x9` read "foreign".
 *
 * @returns the branch as our push left it
 */
export async function overtaken(store: TestRepository, repo: Repository): Promise<Snapshot> {
  const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`f${i % 40}/x${i}`, `${i}`]))
  await store.commitFiles({ ...many, 'mine/a': '1', 'theirs/a': '1' })
  const edit = await repo.edit('main')
  edit.put('mine/a', '2')
  await edit.commit({ message: 'ours', author })
  const { snapshot } = await edit.push()
  for (let i = 0; i < 10; i++) await store.commitFiles({ [`theirs/${i}`]: 'x', [`f${i}/x${i}`]: 'foreign' })
  return snapshot
}
