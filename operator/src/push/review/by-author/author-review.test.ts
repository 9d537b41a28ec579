import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ANN, BEN, content, INTERVAL, pathOf } from '../../testing/world.ts'
import type { Tenant, World } from '../../testing/world.ts'
import { useWorlds } from '../../testing/worlds.ts'
import { REVIEW, reviewedWorld } from '../testing/reviewed-world.ts'
import type { ReviewedWorld } from '../testing/reviewed-world.ts'

const TEMPLATE = 'review/{author}'

/** Before and after any commit: of two writes the newer one counts. */
const LONG_AGO = '2020-01-01T00:00:00Z'
const LONG_AFTER = '2100-01-01T00:00:00Z'

const worlds = useWorlds()
let world: World

interface Scene extends ReviewedWorld {
  readonly shop: Tenant
  readonly look: () => Promise<void>
}

/** What the cluster has at the beginning is in the base. */
async function begin(objects: Record<string, string> = {}): Promise<Scene> {
  const reviewed = await reviewedWorld((options) => worlds.create(options), TEMPLATE)
  world = reviewed.world
  const shop = world.tenant('shop', { objects, settings: { review: { ...REVIEW, authorBranches: TEMPLATE } } })
  const look = async (): Promise<void> => {
    await world.pass(INTERVAL + 10_000)
    await world.idle()
  }
  await world.idle()
  if (Object.keys(objects).length > 0) {
    await reviewed.forge.merge('squash')
    await look()
    reviewed.changes.length = 0
  }
  return { ...reviewed, shop, look }
}

/** Content of an object's file in a branch; undefined where there is none. */
async function at(branch: string, name: string): Promise<string | undefined> {
  const path = `shop/${pathOf(name)}`
  const files = await world.repository.lsTree(branch, 'shop')
  const isThere = files.some((file) => file.path === path)
  return isThere ? (await world.repository.readFile(branch, path)).toString() : undefined
}

async function branches(): Promise<string[]> {
  const printed = await world.repository.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/')
  return printed.split('\n').filter((branch) => branch !== '')
}

const open = ({ forge }: Scene): string[] =>
  forge.requests
    .filter(({ state }) => state === 'Open')
    .map(({ head }) => head)
    .sort()

test('what nobody was seen to change is proposed by the configured author', async () => {
  const scene = await begin()
  scene.shop.set('a', '1')
  await world.pass(10_000)
  await world.idle()
  expect([open(scene), await branches()]).toEqual([['review/bot'], ['main', 'review/bot']])
  expect(scene.shop.member.status).toMatchObject({ healthy: true, pending: 0 })
})

test('two authors have a branch and a request each, on the base alone', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  expect(open(scene)).toEqual(['review/ann', 'review/ben'])
  expect(
    await Promise.all(['ann', 'ben'].flatMap((who) => ['a', 'b'].map((name) => at(`review/${who}`, name)))),
  ).toEqual([content('a', '2'), content('b', '1'), content('a', '1'), content('b', '2')])
  expect(await world.repository.git('log', '--format=%an', 'main..review/ann')).toBe('Ann')
  // There is no commit of both.
  expect(scene.shop.member.status.observedCommit).toBeUndefined()
  expect(scene.shop.member.status.pullRequests.map(({ branch, state }) => [branch, state])).toEqual([
    ['review/bot', 'Merged'],
    ['review/ann', 'Open'],
    ['review/ben', 'Open'],
  ])
})

test('an edit costs one push to the head of its author, and a look where all heads are one request', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  worlds.remote.reset()
  await world.edit(() => scene.shop.set('a', '3', ANN))
  expect(worlds.remote.requests).toHaveLength(1)
  await scene.look()
  worlds.remote.reset()
  await scene.look()
  expect(worlds.remote.requests.length).toBeLessThanOrEqual(2)
})

test('an object that changes hands is proposed by its last author alone', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', ANN)
  })
  await world.edit(() => scene.shop.set('a', '3', BEN))
  expect([await at('review/ann', 'a'), await at('review/ann', 'b'), await at('review/ben', 'a')]).toEqual([
    content('a', '1'),
    content('b', '2'),
    content('a', '3'),
  ])
  expect(await world.repository.git('log', '--format=%an: %s', 'main..review/ann')).toBe(
    'Bot: Leave a file to review/ben\nAnn: Update 2 objects in shop',
  )
  expect(open(scene)).toEqual(['review/ann', 'review/ben'])
})

test('a head that has given everything away goes with its request', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  await world.edit(() => scene.shop.set('a', '3', BEN))
  expect([open(scene), await branches()]).toEqual([['review/ben'], ['main', 'review/ben']])
  expect(scene.changes.map(({ kind, request }) => `${kind} ${request.branch}`)).toEqual([
    'Opened review/ann',
    'Opened review/ben',
    'Closed review/ann',
  ])
})

test('a change that somebody else takes back leaves no request', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  await world.edit(() => scene.shop.set('a', '1', BEN))
  expect([open(scene), await branches()]).toEqual([[], ['main']])
  expect(scene.shop.member.status).toMatchObject({ healthy: true, pending: 0 })
})

test('two edits of one object by two people within one window', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('a', '3', BEN)
  })
  expect([await at('review/ben', 'a'), open(scene)]).toEqual([content('a', '3'), ['review/ben']])
})

test('one request is merged: the other goes on, on the base as it is then', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  expect(await scene.forge.merge('squash', 'review/ann')).toBe(true)
  await scene.look()
  expect([open(scene), await branches()]).toEqual([['review/ben'], ['main', 'review/ben']])
  expect([await at('review/ben', 'a'), await at('review/ben', 'b')]).toEqual([content('a', '2'), content('b', '2')])
  expect(scene.forge.requests.at(-1)?.title).toBe('Update ConfigMap shop/b')
  expect(await scene.forge.merge('merge', 'review/ben')).toBe(true)
  await scene.look()
  expect([open(scene), await branches()]).toEqual([[], ['main']])
  expect([await at('main', 'a'), await at('main', 'b')]).toEqual([content('a', '2'), content('b', '2')])
})

test('a new object, removed again before it was merged, leaves nothing', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('b', '1', ANN))
  expect(open(scene)).toEqual(['review/ann'])
  await world.edit(() => scene.shop.remove('b'))
  expect([open(scene), await branches()]).toEqual([[], ['main']])
})

test('a deletion is proposed once, and what was proposed of the object is not any more', async () => {
  const scene = await begin({ a: '1', b: '1', c: '1' })
  await world.edit(() => scene.shop.set('b', '2', ANN))
  await world.edit(() => scene.shop.remove('b'))
  expect(open(scene)).toEqual(['review/bot'])
  expect([await at('review/bot', 'b'), await branches()]).toEqual([undefined, ['main', 'review/bot']])
  await scene.forge.merge('squash')
  await scene.look()
  expect([await at('main', 'b'), await branches()]).toEqual([undefined, ['main']])
  expect(scene.shop.member.status).toMatchObject({ orphans: 0, healthy: true })
})

test('after a restart everything is as it was, and nothing is proposed by another', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  const before = await world.repository.git('for-each-ref')
  world.restart()
  await world.idle()
  await scene.look()
  expect(await world.repository.git('for-each-ref')).toBe(before)
  expect(open(scene)).toEqual(['review/ann', 'review/ben'])
  await world.edit(() => scene.shop.set('a', '3', BEN))
  expect(open(scene)).toEqual(['review/ben'])
})

test('a request that people have closed, and whose branch they have removed, is not made again by anybody', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  scene.forge.close()
  await world.repository.git('branch', '-D', 'review/ann')
  await scene.look()
  expect([open(scene), await branches()]).toEqual([[], ['main']])
  expect(scene.shop.member.status.pullRequests.at(-1)).toMatchObject({ branch: 'review/ann', isRefused: true })
  await world.edit(() => scene.shop.set('a', '3', ANN))
  expect(open(scene)).toEqual(['review/ann'])
})

test.each([
  ['its author takes the change back', '1', ANN, []],
  ['somebody else changes the object', '3', BEN, ['review/ben']],
] as const)(
  "a request that people have closed stands in nobody's way any more when %s",
  async (_, value, who, left) => {
    const scene = await begin({ a: '1' })
    await world.edit(() => scene.shop.set('a', '2', ANN))
    scene.forge.close()
    await world.repository.git('branch', '-D', 'review/ann')
    await scene.look()
    await world.edit(() => scene.shop.set('a', value, who))
    await scene.look()
    expect([open(scene), scene.shop.member.standing.isRefused]).toEqual([left, false])
  },
)

test('what a person pushes to a head is written over, by the head of who changed the object', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  await world.repository.commitFiles({ [`shop/${pathOf('a')}`]: content('a', '9') }, { branch: 'review/ann' })
  await scene.look()
  expect([await at('review/ann', 'a'), await branches()]).toEqual([content('a', '2'), ['main', 'review/ann']])
})

test.each([
  ['Adopt', '9', '3'],
  ['Stall', '9', '9'],
] as const)('onDrift %s: what a person pushes to a head', async (onDrift, stays, then) => {
  const scene = await begin({ a: '1' })
  scene.shop.change({ onDrift })
  scene.shop.change({ onDrift })
  await world.edit(() => scene.shop.set('a', '2', ANN, LONG_AGO))
  await world.repository.commitFiles({ [`shop/${pathOf('a')}`]: content('a', '9') }, { branch: 'review/ann' })
  await scene.look()
  expect([await at('review/ann', 'a'), await branches()]).toEqual([content('a', stays), ['main', 'review/ann']])
  await world.edit(() => scene.shop.set('a', '3', ANN, LONG_AFTER))
  expect(await at('review/ann', 'a')).toBe(content('a', then))
})

test('a head of a former configured author does not stay for the sake of who owns the folder', async () => {
  const scene = await begin()
  await world.edit(() => scene.shop.set('a', '1'))
  expect(open(scene)).toEqual(['review/bot'])
  scene.shop.change({ author: { name: 'Robot', email: 'robot@example.com' } })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  await scene.look()
  expect([open(scene), await branches()]).toEqual([['review/ann'], ['main', 'review/ann']])
})

test('files of people that two heads have stay in both', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  await world.repository.commitFiles({ 'shop/NOTES': 'one\n' }, { branch: 'review/ann' })
  await world.repository.commitFiles({ 'shop/NOTES': 'two\n' }, { branch: 'review/ben' })
  await scene.look()
  await world.edit(() => scene.shop.set('a', '3', ANN))
  await scene.look()
  const notes = async (branch: string): Promise<string> =>
    (await world.repository.readFile(branch, 'shop/NOTES')).toString()
  expect([await notes('review/ann'), await notes('review/ben')]).toEqual(['one\n', 'two\n'])
  expect(await at('review/ann', 'a')).toBe(content('a', '3'))
})

test('of more authors than may have a branch the last share the one of the configured author', async () => {
  const scene = await begin()
  const names = Array.from({ length: 103 }, (_, i) => `o${String(i).padStart(3, '0')}`)
  await world.edit(() => {
    for (const name of names) scene.shop.set(name, '1', { name, email: 'one@example.com' })
  })
  const all = await branches()
  expect(all).toHaveLength(101)
  expect(open(scene)).toHaveLength(100)
  expect(await at('review/bot', 'o102')).toBe(content('o102', '1'))
  expect(scene.shop.member.status).toMatchObject({ healthy: true, pending: 0 })
  await scene.look()
  expect(await branches()).toEqual(all)
}, 60_000)

/** The host refuses pushes to a branch, or only that it is removed. */
function protect(branch: string, { isKept = false } = {}): void {
  const which = isKept ? '[ "$1 $3" != "refs/heads/$B $(printf %040d 0)" ]' : '[ "$1" != "refs/heads/$B" ]'
  const hook = `#!/bin/sh\nB=${branch}\n${which} || { echo protected >&2; exit 1; }\n`
  writeFileSync(join(world.repository.dir, 'hooks/update'), hook, { mode: 0o755 })
}

test.each(['review/ann', 'review/ben'])('a head that the host refuses, %s, holds up no other', async (branch) => {
  const scene = await begin({ a: '1', b: '1' })
  protect(branch)
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  await scene.look()
  expect(open(scene)).toEqual([branch === 'review/ann' ? 'review/ben' : 'review/ann'])
  expect(scene.shop.member.status).toMatchObject({ failure: { message: expect.stringContaining('protected') } })
  protect('')
  await scene.look()
  expect(open(scene)).toEqual(['review/ann', 'review/ben'])
  expect(await world.repository.git('log', '--format=%an', `main..${branch}`)).toMatch(/^(Ann|Ben)$/)
  expect(scene.shop.member.status).toMatchObject({ healthy: true, pending: 0 })
})

test('a branch that the host does not remove holds up no other, nor does one that does not take the base in', async () => {
  const scene = await begin({ a: '1', b: '1', c: '1' })
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  protect('review/ann', { isKept: true })
  await scene.forge.merge('squash', 'review/ann')
  await scene.look()
  await world.edit(() => scene.shop.set('c', '2', { name: 'Cat', email: 'cat@example.com' }))
  await scene.look()
  expect([open(scene), await at('review/ben', 'a')]).toEqual([['review/ben', 'review/cat'], content('a', '2')])
  expect(scene.shop.member.status).toMatchObject({ failure: { message: expect.stringContaining('protected') } })
  protect('review/ben')
  await scene.forge.merge('squash', 'review/cat')
  await scene.look()
  expect([open(scene), await branches()]).toEqual([['review/ben'], ['main', 'review/ben']])
  protect('')
  await scene.look()
  expect([await at('review/ben', 'c'), scene.shop.member.status.healthy]).toEqual([content('c', '2'), true])
})

test('a push to a head that somebody else has just moved is made once more', async () => {
  const scene = await begin({ a: '1', b: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  await world.repository.commitFiles({ NOTES: 'mine\n' }, { branch: 'review/ann' })
  await world.edit(() => scene.shop.set('b', '2', ANN))
  expect([await at('review/ann', 'a'), await at('review/ann', 'b')]).toEqual([content('a', '2'), content('b', '2')])
  expect((await world.repository.readFile('review/ann', 'NOTES')).toString()).toBe('mine\n')
})

test('a process that dies between two pushes loses nothing, and what two heads propose then one gives back', async () => {
  const scene = await begin({ a: '1' })
  await world.edit(() => scene.shop.set('a', '2', ANN))
  // Ben's push lands, the one to Ann's head does not.
  let pushes = 0
  worlds.remote.faults.status(503, {
    when: ({ method, service }) => method === 'POST' && service === 'receive-pack' && ++pushes === 2,
  })
  await world.edit(() => scene.shop.set('a', '3', BEN))
  expect(pushes).toBeGreaterThan(1)
  worlds.remote.faults.clear()
  world.restart()
  await world.idle()
  await scene.look()
  expect([open(scene), await branches()]).toEqual([['review/ben'], ['main', 'review/ben']])
  expect(await at('review/ben', 'a')).toBe(content('a', '3'))
})

test('who owns a folder is proposed by each head, and by the last one too', async () => {
  const scene = await begin()
  await world.edit(() => {
    scene.shop.set('a', '1', ANN)
    scene.shop.set('b', '1', BEN)
  })
  const owner = async (branch: string): Promise<string> =>
    (await world.repository.readFile(branch, 'shop/.gitsync')).toString()
  expect(await owner('review/ann')).toBe(await owner('review/ben'))
  await scene.forge.merge('merge', 'review/ann')
  await scene.look()
  expect(await scene.forge.merge('merge', 'review/ben')).toBe(true)
  await scene.look()
  expect([await at('main', 'a'), await at('main', 'b'), await branches()]).toEqual([
    content('a', '1'),
    content('b', '1'),
    ['main'],
  ])
})

const byPeople = async (from: string, files: Record<string, string> = {}): Promise<void> => {
  await world.repository.git('branch', 'review/ann', from)
  if (Object.keys(files).length > 0) await world.repository.commitFiles(files, { branch: 'review/ann' })
}

test.each([
  ['that people work on', 'main', { work: 'theirs\n' }],
  ['that is where the base is', 'main', {}],
  ['that lags behind the base', 'main~1', {}],
])("a branch %s is nobody's but theirs, whatever it is called", async (_, from, files) => {
  const scene = await begin({ a: '1', b: '1' })
  await byPeople(from, files)
  const theirs = await world.repository.resolve('review/ann')
  await world.edit(() => {
    scene.shop.set('a', '2', ANN)
    scene.shop.set('b', '2', BEN)
  })
  await scene.look()
  expect(open(scene)).toEqual(['review/ben', 'review/bot'])
  world.restart()
  await world.idle()
  await world.edit(() => scene.shop.set('a', '1', ANN))
  await scene.look()
  expect([await world.repository.resolve('review/ann'), open(scene)]).toEqual([theirs, ['review/ben']])
  // When it goes, its author has it.
  await world.repository.git('branch', '-D', 'review/ann')
  await scene.look()
  await world.edit(() => scene.shop.set('a', '3', ANN))
  expect(open(scene)).toEqual(['review/ann', 'review/ben'])
})
