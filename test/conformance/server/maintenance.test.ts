import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { GitServer } from '@gitsync/protocol/server'
import type { RepositoryState, RepositoryStore } from '@gitsync/protocol/server'
import { afterEach, describe, expect, test } from 'vitest'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'
import { STORES } from './stores.ts'
import type { StoreName } from './stores.ts'

const HOUR = 3_600_000
const NAME = 'me/often'
const LINES = Array.from({ length: 400 }, (_, i) => `line ${i} of a file that changes a little each time`)

let stand: Stand
let now = 0
afterEach(async () => {
  expect(stand.errors).toEqual([])
  await stand.stop()
})

async function begin(store: StoreName, maxPacks = 3): Promise<void> {
  now = Date.now()
  stand = await startStand(store, { maintenance: { maxPacks, keepRetiredMs: HOUR, now: () => now } })
  await stand.tree('tree')
}

/** Commits that change one line each, and are pushed one by one. */
async function pushes(
  count: number,
  after: () => Promise<unknown> = () => stand.server.maintenance.idle(),
): Promise<void> {
  for (let i = 0; i < count; i++) {
    LINES[i % LINES.length] += ` ${i}`
    await stand.commit('tree', { long: LINES.join('\n') }, `change ${i}`)
    await stand.git('tree', 'push', '-q', `${stand.url}/${NAME}.git`, 'main')
    await after()
  }
}

async function stateOf(store: RepositoryStore): Promise<RepositoryState> {
  const state = await store.read(NAME)
  if (state === undefined) throw new Error('there is no repository')
  return state
}

let clones = 0
async function clone(): Promise<string> {
  const tree = `clone-${clones++}`
  await stand.git('.', 'clone', '-q', `${stand.url}/${NAME}.git`, tree)
  expect(await stand.git(tree, 'fsck', '--strict')).not.toMatch(/error|missing|broken/)
  expect(await stand.git(tree, 'rev-parse', 'HEAD')).toBe(await stand.git('tree', 'rev-parse', 'HEAD'))
  return tree
}

/** Whether what a state names can be read, by somebody who has not read it before. */
async function isReadable(store: RepositoryStore, state: RepositoryState): Promise<boolean> {
  const objects = await new GitServer({ store }).objectsOf(state).catch(() => undefined)
  return objects !== undefined
}

describe.each(STORES)('%s', (name) => {
  test('many pushes leave few packs; those that were merged are there for an hour, and then gone', async () => {
    await begin(name)
    const { store } = stand.server
    await pushes(4)
    const before = await stateOf(store)
    await pushes(10)
    const merged = await stateOf(store)
    expect(merged.packs.length).toBeLessThanOrEqual(4)
    expect(await isReadable(store, before)).toBe(true)
    await clone()

    now += HOUR
    await pushes(1)
    expect(await isReadable(store, before)).toBe(false)
    const after = await stateOf(store)
    for (const { at } of after.retired) expect(at).toBe(now)
    await clone()
  })
})

test('who pushes while packs are merged loses nothing, and of two who merge the same one counts', async () => {
  await begin('memory', 1_000)
  const { store } = stand.server
  let during = async (): Promise<void> => undefined
  const kept: string[] = []
  const watched: RepositoryStore = {
    ...store,
    async keep(repository, pack, how) {
      await store.keep(repository, pack, how)
      kept.push(how.id)
      await during()
    },
  }
  const [one, other] = [0, 1].map(
    () => new GitServer({ store: watched, maintenance: { maxPacks: 2, now: () => now } }),
  ) as [GitServer, GitServer]
  await pushes(3)
  during = async () => {
    during = async () => undefined
    await pushes(1, async () => undefined)
    other.maintenance.kick(NAME)
    await other.maintenance.idle()
  }
  one.maintenance.kick(NAME)
  await one.maintenance.idle()
  const state = await stateOf(store)
  expect(kept).toHaveLength(2)
  expect(kept.filter((id) => state.packs.some((pack) => pack.id === id))).toHaveLength(1)
  const loser = kept.find((id) => state.packs.every((pack) => pack.id !== id)) ?? ''
  await expect(store.open(state.id, { id: loser, name: '', size: 1, objects: 1 })).rejects.toThrow('missing')
  await clone()
  await Promise.all([one, other].map((server) => server.close()))
})

test('deltas that lead from push to push are no deeper than git would make them', async () => {
  await begin('memory')
  await pushes(70)
  const { packs } = await stateOf(stand.server.store)
  expect(packs.length).toBeLessThanOrEqual(4)
  const tree = await clone()
  const depths = (await stand.git(tree, 'verify-pack', '-v', ...(await packFiles(tree))))
    .split('\n')
    .flatMap((line) => /^chain length = (\d+)/.exec(line)?.[1] ?? [])
    .map(Number)
  expect(Math.max(...depths)).toBeGreaterThan(10)
  expect(Math.max(...depths)).toBeLessThanOrEqual(60)
})

async function packFiles(tree: string): Promise<string[]> {
  const folder = join(stand.folder, tree, '.git/objects/pack')
  return (await readdir(folder)).filter((file) => file.endsWith('.idx')).map((file) => join(folder, file))
}
