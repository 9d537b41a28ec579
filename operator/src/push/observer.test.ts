import { expect, test } from 'vitest'
import { isPush } from '../../../test/kit/remote/index.ts'
import type { PushObserver } from './observer.ts'
import { ANN, SILENCE } from './testing/world.ts'
import type { World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()
let world: World
let told: string[] = []

async function begin(): Promise<World> {
  told = []
  const host = new URL(worlds.remote.url).host
  const observer: PushObserver = {
    attempted: (attempt) => told.push(`${attempt.result}${attempt.host === host ? '' : ' elsewhere'}`),
    failed: ({ member, failure }) => told.push(`${member} failed: ${failure.reason}`),
    raced: () => told.push('raced'),
    drifted: (member) => told.push(`${member} drifted`),
    rewritten: ({ member, missing, tip }) => told.push(`${member} misses ${missing} in ${tip}`),
  }
  world = await worlds.create({ observer })
  return world
}

async function look(): Promise<readonly string[]> {
  told = []
  await world.look()
  return told
}

test('an attempt is told with its end, and a push with when its edits were seen', async () => {
  const { clock, pushes } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  const seenAt = clock.now()
  shop.set('a', '2', ANN)
  await world.pass(1_000)
  shop.set('a', '3', ANN)
  expect(shop.member.status.pendingSince).toBe(seenAt)
  await world.pass(SILENCE)
  await world.idle()
  expect(told).toEqual(['pushed', 'pushed'])
  expect(pushes.map((push) => push.seenAt)).toEqual([[], [seenAt]])
  expect(shop.member.status.pendingSince).toBeUndefined()
  expect(await look()).toEqual(['unchanged'])
})

test('a failure is told of each GitSync, and what it leaves is pending since it was seen', async () => {
  const { clock } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  told = []
  worlds.remote.faults.status(503, { times: 1 })
  const seenAt = clock.now()
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  expect(told).toEqual(['shop failed: Unreachable', 'failed'])
  expect(shop.member.status.pendingSince).toBe(seenAt)
  await world.pass(SILENCE)
  await world.idle()
  expect(told.slice(2)).toEqual(['pushed'])
  expect(shop.member.status.pendingSince).toBeUndefined()
})

test('a foreign push beside the folder is no drift and rewrites nothing, and in the folder it is drift', async () => {
  const { repository } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  await repository.commitFiles({ 'README.md': 'hello' })
  expect(await look()).toEqual(['unchanged'])
  await repository.commitFiles({ 'shop/notes.md': 'mine' })
  const at = world.clock.now()
  expect(await look()).toEqual(['shop drifted', 'unchanged'])
  expect(shop.member.drift.foundAt).toBeGreaterThan(at)
  expect(shop.member.status.rewrittenAt).toBeUndefined()
})

test('a lost race is told, and is neither drift nor a rewritten history', async () => {
  const { repository } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  told = []
  worlds.remote.faults.beforeReceivePack(async () => {
    await repository.commitFiles({ 'README.md': 'faster' })
  })
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(told).toEqual(['raced', 'pushed'])
  expect(await look()).toEqual(['unchanged'])
})

test('our own push whose answer was lost is no drift', async () => {
  await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  told = []
  worlds.remote.faults.loseAnswer()
  // Nor does anybody say what came of it, for a while.
  const away = worlds.remote.faults.status(503, {
    times: Number.POSITIVE_INFINITY,
    when: ({ service }) => service === 'upload-pack',
  })
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  away.remove()
  await world.pass(SILENCE)
  await world.idle()
  expect(told[0]).toMatch('failed')
  expect(told).not.toContain('shop drifted')
  expect(await world.repository.git('rev-list', '--count', 'main')).toBe('2')
  expect(shop.member.status.rewrittenAt).toBeUndefined()
})

test.each([
  ['set back', async () => world.repository.git('update-ref', 'refs/heads/main', 'main~1')],
  [
    'made anew, with the same files',
    async () => {
      const commit = await world.repository.gitWith(
        {
          env: {
            ...process.env,
            GIT_AUTHOR_NAME: 'x',
            GIT_AUTHOR_EMAIL: 'x@example.com',
            GIT_COMMITTER_NAME: 'x',
            GIT_COMMITTER_EMAIL: 'x@example.com',
          },
        },
        'commit-tree',
        'main^{tree}',
        '-m',
        'squashed',
      )
      await world.repository.git('update-ref', 'refs/heads/main', commit)
    },
  ],
  ['deleted', async () => world.repository.git('update-ref', '-d', 'refs/heads/main')],
] as const)('a history that was %s is told with the commit that is missing', async (_, rewrite) => {
  const { repository } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  const missing = await repository.resolve('main')
  await rewrite()
  const found = await repository.resolve('main')
  expect(await look()).toContain(`shop misses ${missing} in ${found}`)
  const { rewrittenAt } = shop.member.status
  expect(rewrittenAt).toBeDefined()
  // Once is enough.
  await look()
  expect(shop.member.status.rewrittenAt).toBe(rewrittenAt)
})

test('looking costs more only when somebody else has pushed, and pushing never does', async () => {
  const { repository } = await begin()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  const requests = async (work: () => Promise<unknown>): Promise<number> => {
    const before = worlds.remote.requests.length
    await work()
    return worlds.remote.requests.length - before
  }
  const edit = async (value: string): Promise<void> => {
    shop.set('a', value, ANN)
    await world.pass(SILENCE)
    await world.idle()
  }
  expect(await requests(() => edit('2'))).toBe(1)
  expect(worlds.remote.requests.at(-1)).toSatisfy(isPush)
  expect(await requests(look)).toBe(1)
  await repository.commitFiles({ 'README.md': 'hello' })
  const foreign = await requests(look)
  await repository.commitFiles({ 'README.md': 'hello again' })
  expect(foreign).toBeLessThanOrEqual(4)
  expect(await requests(look)).toBe(foreign)
  expect(await requests(look)).toBe(1)
})
