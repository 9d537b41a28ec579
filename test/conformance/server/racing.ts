import { randomUUID } from 'node:crypto'
import { isGitError, openRepository, SHA1 } from '@gitsync/protocol'
import type { RepositoryStore } from '@gitsync/protocol/server'
import { expect } from 'vitest'
import type { Stand } from './fixture.ts'

const AUTHOR = { name: 'Ann', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }

/**
 * Stores over one bucket make the same repository at once, and change it at once: how many were told that they made it, and how many
 * changes that were told of are not there. One and none, where the bucket keeps its word.
 */
export async function raceStores(stores: readonly RepositoryStore[]): Promise<{ made: number; lost: number }> {
  const name = `race/${randomUUID()}`
  const empty = { id: '', format: SHA1, head: '0', refs: new Map(), packs: [], retired: [] }
  const made = await Promise.all(stores.map((store, i) => store.create(name, { ...empty, id: String(i) })))
  await Promise.all(stores.map((store) => store.read(name)))
  const changed = await Promise.all(
    stores.map((store) => store.change(name, (state) => ({ ...state, head: `${Number(state.head) + 1}` }))),
  )
  const [store] = stores
  const told = changed.filter((state) => state !== undefined).length
  return { made: made.filter(Boolean).length, lost: told - Number((await store?.read(name))?.head) }
}

export interface Race {
  readonly clients: number
  readonly rounds: number
}

/**
 * Clients push to main at once, again and again, each by one of the addresses: exactly one is taken in each round, the others are
 * told that they are late, and in the end the history is what was taken.
 * @param urls of a repository that has a main
 */
export async function racePushes(urls: readonly string[], { clients, rounds }: Race): Promise<void> {
  const taken = await historyOf(urls[0])
  const repositories = Array.from({ length: clients }, (_, i) => openRepository(urls[i % urls.length] ?? ''))
  for (let round = 0; round < rounds; round++) {
    const edits = await Promise.all(
      repositories.map(async (repository, i) => {
        const edit = await repository.edit('main')
        edit.put(`client-${i}`, `${round}\n`)
        await edit.commit({ message: `round ${round}, client ${i}`, author: AUTHOR })
        return edit
      }),
    )
    const ended = await Promise.allSettled(edits.map((edit) => edit.push()))
    const winners = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value.commit ?? ''] : []))
    expect(winners, `round ${round}`).toHaveLength(1)
    for (const one of ended)
      if (one.status === 'rejected') expect(isGitError(one.reason, 'StaleRef'), String(one.reason)).toBe(true)
    taken.unshift(...winners)
  }
  for (const url of urls) expect(await historyOf(url)).toEqual(taken)
}

async function historyOf(url = ''): Promise<string[]> {
  const history: string[] = []
  for await (const { oid } of openRepository(url).history('main')) history.push(oid)
  return history
}

/** The same with stock git, in work trees of a stand. */
export async function raceStockGit(
  { git, commit }: Pick<Stand, 'git' | 'commit'>,
  urls: readonly string[],
  { clients, rounds }: Race,
): Promise<void> {
  const trees = Array.from({ length: clients }, (_, i) => `racer-${i}`)
  for (const [i, tree] of trees.entries()) await git('.', 'clone', '-q', urls[i % urls.length] ?? '', tree)
  let winner = ''
  for (let round = 0; round < rounds; round++) {
    const commits: string[] = []
    for (const [i, tree] of trees.entries()) commits.push(await commit(tree, { [`client-${i}`]: `${round}` }))
    const ended = await Promise.allSettled(trees.map((tree) => git(tree, 'push', '-q', 'origin', 'HEAD:main')))
    const winners = commits.filter((_, i) => ended[i]?.status === 'fulfilled')
    expect(winners, `round ${round}`).toHaveLength(1)
    ;[winner = ''] = winners
    for (const tree of trees) {
      await git(tree, 'fetch', '-q')
      expect(await git(tree, 'rev-parse', 'origin/main')).toBe(winner)
      await git(tree, 'reset', '-q', '--hard', 'origin/main')
    }
  }
  for (const tree of trees.slice(0, 2)) expect(await git(tree, 'fsck', '--strict')).not.toMatch(/error|missing/)
  expect(await git(trees[0] ?? '', 'rev-list', '--count', winner)).toBe(String(rounds + 1))
}
