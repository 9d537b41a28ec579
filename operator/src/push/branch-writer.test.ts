import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { openRepository } from '@gitsync/protocol'
import { isPush } from '../../../test/kit/remote/index.ts'
import type { RecordedRequest } from '../../../test/kit/remote/index.ts'
import { claimFile, claimId } from '../plan/claim.ts'
import { PushFailure } from './failure.ts'
import { SpoolBudget } from './spool.ts'
import type { Connection } from './connection.ts'
import { ANN, BEN, content, INTERVAL, pathOf, rendered, SILENCE, wanted } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

/** Whatever was tested: the history is linear, and no commit without a change. */
const worlds = useWorlds(async (world) => {
  const log = await world.log()
  for (const [index, { tree, parents }] of log.entries()) {
    expect(parents.length).toBe(index === log.length - 1 ? 0 : 1)
    expect(tree).not.toBe(log[index + 1]?.tree)
  }
})

const loggedIn = ({ repository: { url } }: World): Connection => ({
  key: 'other',
  repository: openRepository(url, { userAgent: 'git/new' }),
})

const names = (count: number, prefix = 'o'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(2, '0')}`)
const objects = (count: number): Record<string, string> => Object.fromEntries(names(count).map((name) => [name, '1']))
const authors = async (world: World): Promise<string[]> => (await world.log()).map(({ author }) => author)
const converged = async (world: World, tenant: Tenant): Promise<void> => {
  expect(await world.folder(tenant.settings.path)).toEqual(wanted(tenant))
}

/** A world with one tenant, whose objects are in Git. */
async function exported(
  objects: Record<string, string>,
  settings: Partial<Tenant['settings']> = {},
): Promise<{ readonly world: World; readonly shop: Tenant }> {
  const world = await worlds.create()
  const shop = world.tenant('shop', { objects, settings })
  await world.idle()
  return { world, shop }
}

test('a first export is one commit with the claim, by the configured author', async () => {
  const { world, shop } = await exported({ a: '1', b: '2' })
  await converged(world, shop)
  expect((await world.repository.readFile('main', 'shop/.gitsync')).equals(claimFile(shop.settings.claim))).toBe(true)
  const [commit, ...others] = await world.log()
  expect(others).toEqual([])
  expect(commit).toMatchObject({ author: 'Bot', committer: 'Bot' })
  expect(commit?.body).toContain('Gitsync-Compared: first-export')
  expect(shop.member.status).toMatchObject({
    files: 2,
    pending: 0,
    orphans: 0,
    observedCommit: await world.repository.resolve('main'),
  })
  expect(shop.member.status.lastCommit?.sha).toBe(await world.repository.resolve('main'))
})

test('whoever creates the branch is told so, once, also when the answer was lost', async () => {
  const { world, shop } = await exported({ a: '1' })
  shop.set('a', '2')
  await world.pass(SILENCE)
  await world.idle()
  expect(world.pushes.map(({ created }) => created)).toEqual([true, false])

  const silent = await worlds.create()
  worlds.remote.faults.loseAnswer({ times: 1, when: ({ path }) => path.endsWith('/git-receive-pack') })
  silent.tenant('shop', { objects: { a: '1' } })
  await silent.pass(10_000)
  await silent.idle()
  expect(await silent.log()).toHaveLength(1)
  expect(silent.pushes.map(({ created }) => created)).toEqual([true])
})

test('other credentials are tried at once, however often the old ones have failed', async () => {
  const world = await worlds.create()
  const old = { times: Infinity, when: ({ headers }: RecordedRequest) => headers['user-agent'] !== 'git/new' }
  worlds.remote.faults.status(403, old)
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.pass(300_000)
  await world.idle()
  expect(shop.member.dueAt()).toBeGreaterThan(world.clock.now() + 10_000)
  world.writer.attach(shop.member, loggedIn(world))
  shop.member.unblock()
  await world.idle()
  await converged(world, shop)
})

test('what is answered to credentials that were replaced meanwhile holds nothing up', async () => {
  const world = await worlds.create()
  const old = { times: Infinity, when: ({ headers }: RecordedRequest) => headers['user-agent'] !== 'git/new' }
  const held = worlds.remote.faults.hold(old)
  worlds.remote.faults.status(403, old)
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await held.reached
  world.writer.attach(shop.member, loggedIn(world))
  shop.member.unblock()
  held.release()
  await world.idle()
  await converged(world, shop)
})

test('what happens to one member asks no other on the branch for work', async () => {
  const world = await worlds.create()
  const [shop, bar] = [world.tenant('shop', { objects: { a: '1' } }), world.tenant('bar', { objects: { a: '1' } })]
  await world.idle()
  const connection = loggedIn(world)
  world.writer.attach(bar.member, connection)
  world.writer.attach(shop.member, connection)
  await world.idle()
  const [asksShop, asksBar] = [vi.spyOn(shop.member, 'dueAt'), vi.spyOn(bar.member, 'dueAt')]
  world.writer.attach(shop.member, connection)
  expect(asksShop).not.toHaveBeenCalled()
  shop.set('a', '2')
  expect(asksShop).toHaveBeenCalled()
  expect(asksBar).not.toHaveBeenCalled()
  await world.pass(SILENCE)
  await converged(world, shop)
})

test('nothing to write makes no commit and no claim', async () => {
  const world = await worlds.create()
  world.tenant('shop')
  await world.idle()
  expect(await world.repository.resolve('main')).toBeNull()
})

test('nothing is written before everything is listed', async () => {
  const world = await worlds.create()
  const shop = world.tenant('shop', { listed: false })
  await world.idle()
  shop.member.save('now', { compare: true })
  shop.set('a', '1')
  await world.pass(SILENCE * 2)
  expect(await world.log()).toEqual([])
  shop.listed = true
  world.writer.kick()
  await world.idle()
  await converged(world, shop)
})

test('edits of a window are one commit for each person, one request in all', async () => {
  const { world, shop } = await exported({ a: '1', b: '1', c: '1' })
  worlds.remote.reset()
  shop.set('a', '2', ANN)
  await world.pass(1_000)
  shop.set('b', '2', BEN)
  shop.set('c', '2', ANN)
  await world.pass(SILENCE - 1)
  expect(worlds.remote.requests).toHaveLength(0)
  await world.pass(1)
  await world.idle()
  await converged(world, shop)
  expect(worlds.remote.requests).toHaveLength(1)
  const [second, first, ...rest] = await world.log()
  expect(rest).toHaveLength(1)
  expect(new Set([first?.author, second?.author])).toEqual(new Set(['Ann', 'Ben']))
  expect([first, second].map((commit) => commit?.committer)).toEqual(['Bot', 'Bot'])
})

test('when a path changes hands, each hand signs its own edit', async () => {
  const { world, shop } = await exported({ a: '1' })
  shop.set('a', '2', ANN)
  shop.set('a', '3', BEN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ben', 'Ann', 'Bot'])
  expect((await world.repository.readFile('main~1', 'shop/shop/a.yaml')).toString()).toBe(content('a', '2'))
})

test('who edits after a restart signs, also before the folder has been compared', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  world.restart()
  shop.set('a', '2', ANN)
  shop.set('a', '3', BEN)
  await world.idle()
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ben', 'Ann', 'Bot'])
})

test('a comparison does not sign what a person has just edited', async () => {
  const { world, shop } = await exported({ a: '1' })
  shop.set('a', '2', ANN)
  shop.member.requireCompare('relist')
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ann', 'Bot'])
})

test('nor what a person edits, creates or deletes while it is made', async () => {
  const { world, shop } = await exported({ a: '1', b: '1', c: '1' })
  shop.beforeProof = () => {
    shop.beforeProof = () => undefined
    shop.set('a', '2', ANN)
    shop.set('d', '1', ANN)
  }
  await world.edit(() => {
    shop.remove('c')
    shop.member.requireCompare('requested')
  })
  await world.pass(SILENCE)
  expect(await world.folder('shop')).toEqual(wanted(shop))
  const [newest, before] = await world.log()
  expect([newest?.author, newest?.subject]).toEqual(['Ann', 'Update 2 objects in shop'])
  expect([before?.author, before?.subject]).toEqual(['Bot', 'Delete ConfigMap shop/c'])
})

test('a deletion that was seen and is true removes the file', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' }, { prune: 'Observed' })
  shop.remove('a')
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect((await world.log())[0]?.subject).toBe('Delete ConfigMap shop/a')
})

test('a deletion that cannot be proved keeps its file', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  shop.served = false
  shop.remove('a')
  await world.pass(SILENCE * 4)
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toEqual([pathOf('a'), pathOf('b')])
  expect(shop.member.status.orphans).toBe(1)
})

test('a deletion is proved later when the kind was not served for a moment, though the watch did not notice', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  vi.spyOn(shop.member.port, 'knows').mockReturnValue(true)
  shop.served = false
  shop.remove('a')
  await world.pass(SILENCE * 4)
  expect(shop.member.status.orphans).toBe(1)
  shop.served = true
  shop.member.objects.judgeAgain()
  await world.idle()
  await converged(world, shop)
})

test('an object that came back unseen and went again while no watch told of it leaves no file', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  shop.member.objects.deleted(rendered('a', '1').file.key)
  await world.pass(SILENCE * 4)
  expect(shop.member.status.orphans).toBe(1)
  shop.objects.delete('a')
  shop.member.objects.listedAnew(({ name }) => name === 'b')
  await world.idle()
  expect(shop.member.status.orphans).toBe(1)
  shop.member.objects.listedAnew(() => true)
  await world.idle()
  await converged(world, shop)
  expect(shop.member.status.orphans).toBe(0)
})

test('Never keeps every file, and counts it', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' }, { prune: 'Never' })
  shop.remove('a')
  await world.pass(SILENCE * 2)
  world.restart()
  await world.pass(SILENCE * 2)
  expect(Object.keys(await world.folder('shop'))).toEqual([pathOf('a'), pathOf('b')])
  expect(shop.member.status.orphans).toBe(1)
})

test('after a restart, Owned removes what vanished meanwhile, and only what it wrote', async () => {
  const world = await worlds.create()
  await world.repository.commitFiles({ 'shop/shop/theirs.yaml': content('theirs', '1'), 'shop/README.md': 'hello' })
  const shop = world.tenant('shop', { objects: { a: '1', b: '1' } })
  await world.idle()
  shop.objects.delete('a')
  world.restart()
  await world.idle()
  expect(Object.keys(await world.folder('shop')).sort()).toEqual(['README.md', pathOf('b'), 'shop/theirs.yaml'])
  expect((await world.log())[0]?.body).toContain('Gitsync-Compared: restart')
  expect(shop.member.status.orphans).toBe(0)
})

test('after a restart, Observed keeps what vanished meanwhile, and counts it', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' }, { prune: 'Observed' })
  shop.objects.delete('a')
  world.restart()
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toEqual([pathOf('a'), pathOf('b')])
  expect(shop.member.status.orphans).toBe(1)
})

test('a deletion seen before the first comparison counts as seen', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' }, { prune: 'Observed' })
  worlds.remote.faults.status(503, { times: 3 })
  world.restart()
  shop.remove('a')
  await world.pass(60_000)
  await world.idle()
  await converged(world, shop)
})

test('a deletion seen while other kinds are still being listed waits for them', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  shop.listed = false
  world.restart()
  shop.remove('a')
  await world.pass(SILENCE * 2)
  expect(shop.member.status.healthy).toBe(false)
  shop.listed = true
  world.writer.kick()
  await world.idle()
  await converged(world, shop)
})

test('an object that is only no longer selected keeps its file', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  shop.member.objects.dropped(rendered('a', '1').file.key)
  await world.pass(SILENCE)
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toEqual([pathOf('a'), pathOf('b')])
  expect(shop.member.status.orphans).toBe(1)
})

test('an object that vanishes while its edit is pending leaves no file', async () => {
  const { world, shop } = await exported({ a: '1' })
  shop.set('b', '1', ANN)
  shop.objects.delete('b')
  shop.member.objects.dropped(rendered('b', '1').file.key)
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
})

test('nor does one that is edited and vanishes while a comparison is made', async () => {
  const { world, shop } = await exported({ a: '1', b: '1', c: '1' })
  shop.beforeProof = () => {
    shop.beforeProof = () => undefined
    shop.set('a', '2', ANN)
    shop.objects.delete('a')
    shop.member.objects.dropped(rendered('a', '2').file.key)
  }
  await world.edit(() => {
    shop.remove('c')
    shop.member.requireCompare('requested')
  })
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
})

test('an object deleted before the first push is never seen in Git', async () => {
  const { world, shop } = await exported({ a: '1' })
  for (const name of names(20, 'job')) shop.set(name, '1')
  for (const name of names(20, 'job')) shop.remove(name)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(await world.log()).toHaveLength(1)
  expect(shop.member.status.massDeletion).toBeUndefined()
})

test('a mass deletion waits for just its confirmation, while writes go on', async () => {
  const { world, shop } = await exported(objects(20))
  for (const name of names(12)) shop.remove(name)
  await world.pass(SILENCE)
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toHaveLength(20)
  const held = shop.member.status.massDeletion
  expect(held?.count).toBe(12)
  shop.set('o15', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect((await world.folder('shop'))[pathOf('o15')]).toBe(content('o15', '2'))
  expect(shop.member.status.massDeletion).toEqual(held)

  // One more goes: what was shown does not count for it.
  shop.remove('o12')
  await world.pass(SILENCE)
  await world.idle()
  shop.change({ confirmDeletion: held?.token })
  await world.pass(1_000)
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toHaveLength(20)
  const now = shop.member.status.massDeletion
  expect(now?.count).toBe(13)
  expect(now?.token).not.toBe(held?.token)

  shop.change({ confirmDeletion: now?.token })
  await world.pass(1_000)
  await world.idle()
  await converged(world, shop)
  expect(shop.member.status.massDeletion).toBeUndefined()
})

test('a held deletion stays held, whatever is added to the folder and however long it takes', async () => {
  const { world, shop } = await exported(objects(20))
  for (const name of names(12)) shop.remove(name)
  await world.pass(SILENCE)
  for (const name of names(30, 'new')) shop.set(name, '1')
  await world.pass(INTERVAL * 3)
  await world.idle()
  expect(Object.keys(await world.folder('shop'))).toHaveLength(50)
  expect(shop.member.status.massDeletion?.count).toBe(12)
})

test('a held deletion is off when its objects are back, and is checked again when it is confirmed', async () => {
  const { world, shop } = await exported(objects(20))
  for (const name of names(12)) shop.remove(name)
  await world.pass(SILENCE)
  const token = shop.member.status.massDeletion?.token
  // Back, and the watch has not told yet.
  shop.objects.set('o00', '1')
  shop.change({ confirmDeletion: token })
  await world.pass(1_000)
  await world.idle()
  expect((await world.folder('shop'))[pathOf('o00')]).toBe(content('o00', '1'))
  shop.tell('o00')
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
})

test('a mass deletion found after a restart asks for the same confirmation', async () => {
  const { world, shop } = await exported(objects(20))
  for (const name of names(12)) shop.remove(name)
  await world.pass(SILENCE)
  const held = shop.member.status.massDeletion
  world.restart()
  await world.idle()
  expect(shop.member.status.massDeletion).toEqual(held)
  expect(Object.keys(await world.folder('shop'))).toHaveLength(20)
  // Confirmed while the host is away: nothing is to be waited for but the host.
  worlds.remote.faults.status(503, { times: 5 })
  shop.change({ confirmDeletion: held?.token })
  await world.pass(120_000)
  await world.idle()
  await converged(world, shop)
})

test("another's folder is refused until it is taken over", async () => {
  const world = await worlds.create()
  const theirs = claimFile({ cluster: 'c2', gitsync: 'x' })
  await world.repository.commitFiles({ 'shop/.gitsync': theirs, 'shop/shop/theirs.yaml': 'x: 1\n' })
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'FolderClaimed' })
  expect(shop.member.status.failure?.message).toContain(`take-over=${claimId(theirs)}`)
  expect(await world.log()).toHaveLength(1)
  shop.change({ takeOver: 'wrong' })
  await world.idle()
  expect(shop.member.status.failure?.message).toContain('the annotation now says "wrong"')
  expect(await world.log()).toHaveLength(1)
  shop.change({ takeOver: claimId(theirs) })
  await world.idle()
  expect(await world.folder('shop')).toEqual({ ...wanted(shop), 'shop/theirs.yaml': 'x: 1\n' })
  expect((await world.repository.readFile('main', 'shop/.gitsync')).equals(claimFile(shop.settings.claim))).toBe(true)
})

test('a folder that another takes over while we write is not written any more', async () => {
  const { world, shop } = await exported({ a: '1' })
  await world.repository.commitFiles({ 'shop/.gitsync': claimFile({ cluster: 'c2', gitsync: 'x' }) })
  const tip = await world.repository.resolve('main')
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(shop.member.status.failure?.reason).toBe('FolderClaimed')
  expect(await world.repository.resolve('main')).toBe(tip)
})

test('nor is it while a kind is being listed again', async () => {
  const { world, shop } = await exported({ a: '1' })
  await world.repository.commitFiles({ 'shop/.gitsync': claimFile({ cluster: 'c2', gitsync: 'x' }) })
  const tip = await world.repository.resolve('main')
  shop.listed = false
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(shop.member.status.failure?.reason).toBe('FolderClaimed')
  expect(await world.repository.resolve('main')).toBe(tip)
})

test('foreign pushes elsewhere are left as they are, and ours go on top', async () => {
  const { world, shop } = await exported({ a: '1' })
  await world.repository.commitFiles({ 'README.md': 'hello', 'other/x.yaml': 'x' })
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect((await world.repository.readFile('main', 'other/x.yaml')).toString()).toBe('x')
  expect(await authors(world)).toEqual(['Ann', 'Foreign Writer', 'Bot'])
})

test('drift in the folder is written over, and what is nobody’s stays', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  await world.repository.commitFiles({
    'shop/shop/a.yaml': 'changed by hand',
    'shop/shop/b.yaml': null,
    'shop/.gitsync': null,
    'shop/notes.md': 'note',
  })
  await world.pass(INTERVAL)
  await world.idle()
  expect(await world.folder('shop')).toEqual({ ...wanted(shop), 'notes.md': 'note' })
  const [newest] = await world.log()
  expect(newest).toMatchObject({ author: 'Bot' })
  expect(newest?.body).toContain('Gitsync-Compared: drift')
  expect((await world.repository.readFile('main', 'shop/.gitsync')).equals(claimFile(shop.settings.claim))).toBe(true)
})

test('races with other writers are run again until they are won', async () => {
  const { world, shop } = await exported({ a: '1' })
  let races = 0
  worlds.remote.faults.beforeReceivePack(
    async () => {
      races++
      await world.repository.commitFiles({
        [`other/${races}`]: 'x',
        ...(races === 2 ? { 'shop/shop/a.yaml': 'theirs' } : {}),
      })
    },
    { times: 3 },
  )
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(races).toBe(3)
  expect((await authors(world)).filter((author) => author === 'Ann')).toHaveLength(1)
})

test('an answer lost after success makes no second commit', async () => {
  const { world, shop } = await exported({ a: '1' })
  worlds.remote.faults.loseAnswer()
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ann', 'Bot'])
  expect(shop.member.status.lastCommit?.sha).toBe(await world.repository.resolve('main'))
})

test('an answer lost for good makes no second commit, however many were pushed at once', async () => {
  const world = await worlds.create()
  const shop = world.tenant('shop', { objects: { a: '1', b: '1', c: '1' } })
  const other = world.tenant('other', { objects: { a: '1' } })
  await world.idle()
  const hold = worlds.remote.faults.hold({ when: isPush })
  shop.set('c', '2', ANN)
  const passing = world.pass(SILENCE)
  await hold.reached
  // Two hands on one path each: in one push, whose answer is lost, and so is every look at what came of it.
  for (const tenant of [shop, other]) {
    tenant.set('a', '2', ANN)
    tenant.set('a', '3', BEN)
    tenant.set('a', '4', ANN)
  }
  worlds.remote.faults.loseAnswer()
  const away = worlds.remote.faults.status(503, {
    times: Number.POSITIVE_INFINITY,
    when: ({ service }) => service === 'upload-pack',
  })
  hold.release()
  await passing
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'Unreachable' })
  expect(await world.log()).toHaveLength(2 + 1 + 4)
  shop.set('a', '5', BEN)
  shop.remove('b')
  await world.repository.commitFiles({ 'elsewhere/x': 'x' })
  await world.pass(SILENCE)
  away.remove()
  await world.pass(120_000)
  await world.idle()
  await converged(world, shop)
  await converged(world, other)
  for (const path of ['shop/shop/a.yaml', 'other/shop/a.yaml']) {
    const commits = await world.repository.git('log', '--reverse', '--format=%H', 'main', '--', path)
    const values = await Promise.all(
      commits.split('\n').map(async (oid) => (await world.repository.readFile(oid, path)).toString()),
    )
    expect(values).toEqual(values.map((_, index) => content('a', String(index + 1))))
  }
  for (const { member } of [shop, other]) expect(member.status).toMatchObject({ pending: 0, healthy: true })
  expect(new Set(world.pushes.flatMap(({ commits }) => commits)).size).toBe((await world.log()).length - 1)
})

test('a burst of server errors is waited out with growing pauses', async () => {
  const { world, shop } = await exported({ a: '1' })
  worlds.remote.reset()
  worlds.remote.faults.status(503, { times: 12 })
  shop.set('a', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'Unreachable' })
  expect(shop.member.status.pending).toBe(1)
  const pauses: number[] = []
  for (let retryAt = shop.member.status.retryAt; retryAt !== undefined; retryAt = shop.member.status.retryAt) {
    pauses.push(retryAt - world.clock.now())
    await world.pass(retryAt - world.clock.now())
    await world.idle()
  }
  expect(pauses.length).toBeGreaterThan(2)
  expect(pauses).toEqual([...pauses].sort((a, b) => a - b))
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ann', 'Bot'])
})

test('the host says how long to wait', async () => {
  const world = await worlds.create()
  const shop = world.tenant('shop', { objects: { a: '1' } })
  worlds.remote.faults.status(429, { retryAfter: 90 })
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'RateLimited' })
  await world.pass(89_000)
  expect(await world.log()).toEqual([])
  await world.pass(1_000)
  await world.idle()
  await converged(world, shop)
})

test('a login page is no Git server', async () => {
  const world = await worlds.create()
  worlds.remote.faults.html({ times: Number.POSITIVE_INFINITY })
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'NotGit' })
  worlds.remote.faults.clear()
  await world.pass(60_000)
  await world.idle()
  await converged(world, shop)
})

test('several GitSyncs on a branch share a request and have a commit each', async () => {
  const world = await worlds.create()
  const tenants = ['a', 'b', 'c'].map((name) => world.tenant(name, { objects: { x: '1' } }))
  await world.idle()
  worlds.remote.reset()
  for (const tenant of tenants) tenant.set('x', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  for (const tenant of tenants) await converged(world, tenant)
  expect(worlds.remote.requests).toHaveLength(1)
  const shas = new Set(tenants.map(({ member }) => member.status.lastCommit?.sha))
  expect(shas.size).toBe(3)
})

/** A host that refuses pushes with changes below a path. */
async function refuse(world: World, path: string): Promise<void> {
  const script = `#!/bin/sh\nwhile read old new ref; do\n  git diff-tree -r --name-only $old $new | grep -q '^${path}' && { echo "no writing to ${path}" >&2; exit 1; }\ndone\nexit 0\n`
  await mkdir(`${world.repository.dir}/hooks`, { recursive: true })
  await writeFile(`${world.repository.dir}/hooks/pre-receive`, script, { mode: 0o755 })
}

test('one GitSync that the host refuses does not block the others', async () => {
  const world = await worlds.create()
  const [good, bad, fine] = ['a', 'b', 'c'].map((name) => world.tenant(name, { objects: { x: '1' } })) as [
    Tenant,
    Tenant,
    Tenant,
  ]
  await world.idle()
  await refuse(world, 'b/')
  for (const tenant of [good, bad, fine]) tenant.set('x', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, good)
  await converged(world, fine)
  expect(bad.member.status.failure).toMatchObject({ reason: 'PushRejected' })
  expect(bad.member.status.failure?.message).toContain('no writing to b/')
  expect((await world.folder('b'))[pathOf('x')]).toBe(content('x', '1'))
})

test('one GitSync that cannot be planned does not block the others', async () => {
  const world = await worlds.create()
  const [good, bad] = ['a', 'b'].map((name) => world.tenant(name, { objects: { x: '1' } })) as [Tenant, Tenant]
  await world.idle()
  await world.repository.commitFiles({ b: null })
  await world.repository.commitFiles({ b: 'a file now' })
  for (const tenant of [good, bad]) tenant.set('x', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, good)
  expect(bad.member.status.failure).toMatchObject({
    reason: 'PathConflict',
    message: expect.stringMatching(/^spec\.repository\.path: b is a file .*: choose another path, or remove the file$/),
  })
})

test('a GitSync that fails by itself keeps its own words when the push of the others fails too', async () => {
  const world = await worlds.create()
  const [bad, good] = ['a', 'b'].map((name) => world.tenant(name, { objects: { x: '1' } })) as [Tenant, Tenant]
  await world.idle()
  bad.beforeSave = () => {
    throw new PushFailure('ClusterUnavailable', 'its own trouble')
  }
  worlds.remote.faults.status(500, { times: Infinity, when: isPush })
  for (const tenant of [bad, good]) tenant.set('y', '1', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(bad.member.status.failure?.message).toBe('its own trouble')
  expect(good.member.status.failure?.reason).toBe('Unreachable')
})

test('pushes of unknown outcome are remembered without their contents, and not without end', async () => {
  const world = await worlds.create()
  const tenant = world.tenant('a', { objects: { x: '0' } })
  await world.idle()
  worlds.remote.faults.status(500, { times: Infinity, when: isPush })
  for (let i = 1; i <= 12; i++) {
    tenant.set('x', `secret-${i}`, ANN)
    await world.pass(61_000)
    await world.idle()
  }
  expect(tenant.member.outbox.sent.length).toBeGreaterThan(0)
  expect(tenant.member.outbox.sent.length).toBeLessThanOrEqual(8)
  expect(JSON.stringify(tenant.member.outbox.sent)).not.toContain('secret')
})

test('an inventory that cannot be saved stops only its own GitSync, and is saved later', async () => {
  const world = await worlds.create()
  const [good, bad] = ['a', 'b'].map((name) => world.tenant(name, { objects: { x: '1' } })) as [Tenant, Tenant]
  await world.idle()
  let failures = 0
  bad.beforeSave = () => {
    if (failures++ === 0) throw new Error('the API server is away')
  }
  for (const tenant of [good, bad]) tenant.set('y', '1', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, good)
  await world.pass(60_000)
  await world.idle()
  await converged(world, bad)
  // What the inventory is for: the file is known as ours after a restart.
  bad.objects.delete('y')
  world.restart()
  await world.idle()
  await converged(world, bad)
})

test('an inventory that cannot be saved after a push makes nobody push again', async () => {
  const world = await worlds.create()
  const [bad, good] = ['a', 'b'].map((name) => world.tenant(name, { objects: { x: '1', y: '1' } })) as [Tenant, Tenant]
  await world.idle()
  bad.beforeSave = () => {
    throw new Error('the API server is away')
  }
  bad.remove('y')
  good.set('x', '2', ANN)
  await world.pass(SILENCE)
  await world.idle()
  await converged(world, good)
  await converged(world, bad)
  expect(good.member.status.failure).toBeUndefined()
  expect(good.member.status.pending).toBe(0)
})

test('what does not fit the spool is read again, and nothing is lost', async () => {
  const world = await worlds.create({ budget: new SpoolBudget(400) })
  const shop = world.tenant('shop', { objects: objects(8) })
  await world.idle()
  await converged(world, shop)
  worlds.remote.faults.status(503, { times: 3 })
  for (const name of names(8)) shop.set(name, '2', ANN)
  await world.pass(60_000)
  await world.idle()
  expect(shop.rereads).toBeGreaterThan(0)
  await converged(world, shop)
  expect(shop.member.status.pending).toBe(0)
})

test('what overflows while a comparison is being pushed is compared again', async () => {
  const world = await worlds.create({ budget: new SpoolBudget(300) })
  const shop = world.tenant('shop', { objects: objects(2) })
  await world.idle()
  await world.repository.commitFiles({ 'shop/shop/o00.yaml': 'drift' })
  const hold = worlds.remote.faults.hold({
    when: ({ method, service }) => method === 'POST' && service === 'receive-pack',
  })
  await Promise.all([
    world.pass(INTERVAL),
    (async () => {
      await hold.reached
      for (const name of names(6, 'late')) shop.set(name, '1', ANN)
      hold.release()
    })(),
  ])
  await world.pass(SILENCE * 3)
  await world.idle()
  await converged(world, shop)
})

test('contents that are in Git give their room back, also while new ones arrive', async () => {
  const budget = new SpoolBudget()
  const world = await worlds.create({ budget })
  const shop = world.tenant('shop', { objects: objects(10) })
  await world.idle()
  expect(budget.used).toBe(0)
  shop.set('o00', '2', ANN)
  const hold = worlds.remote.faults.hold({ when: ({ service }) => service === 'receive-pack' })
  await Promise.all([
    world.pass(SILENCE),
    (async () => {
      await hold.reached
      shop.set('o01', '2', ANN)
      hold.release()
    })(),
  ])
  await world.idle()
  expect(budget.used).toBe(content('o01', '2').length)
})

test('an object deleted while it is read again stays deleted', async () => {
  const world = await worlds.create({ budget: new SpoolBudget(0) })
  const shop = world.tenant('shop', { objects: { a: '1', b: '1' } })
  const key = rendered('a', '1').file.key
  shop.afterReread = () => {
    shop.afterReread = () => undefined
    shop.remove('a')
  }
  await world.idle()
  await world.pass(SILENCE * 4)
  await world.idle()
  expect(shop.member.desired.ofObject(key)).toBeUndefined()
  await converged(world, shop)
})

test('an edit found by reading again is still signed by who made it', async () => {
  const world = await worlds.create({ budget: new SpoolBudget(200) })
  const shop = world.tenant('shop', { objects: { a: '1', b: '1', c: '1' } })
  // The edit is in the cluster before the watch tells of it.
  shop.beforeReread = () => {
    shop.objects.set('b', '2')
  }
  await world.idle()
  shop.tell('b', ANN)
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toContain('Ann')
})

test('a branch that was deleted is written whole again', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  await world.repository.git('update-ref', '-d', 'refs/heads/main')
  shop.set('a', '2', ANN)
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
  expect(await world.repository.readFile('main', 'shop/.gitsync')).toEqual(claimFile(shop.settings.claim))
})

test('two objects that want one path change nothing in Git until one lets go', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  const { file, bytes } = rendered('b', '1')
  shop.member.objects.set({ ...file, path: pathOf('a') }, bytes, {})
  await world.pass(SILENCE * 2)
  await world.idle()
  expect((await world.folder('shop'))[pathOf('a')]).toBe(content('a', '1'))
  shop.member.objects.set(file, bytes, {})
  await world.pass(SILENCE * 2)
  await world.idle()
  await converged(world, shop)
})

test('stop pushes what is pending, once, also while a push is running', async () => {
  const { world, shop } = await exported({ a: '1', b: '1' })
  const hold = worlds.remote.faults.hold({ when: ({ service }) => service === 'receive-pack' })
  shop.set('a', '2', ANN)
  const passing = world.pass(SILENCE)
  await hold.reached
  shop.set('b', '2', ANN)
  const stopped = world.writer.stop(true)
  hold.release()
  await Promise.all([passing, stopped])
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ann', 'Ann', 'Bot'])
  shop.set('a', '3', ANN)
  await world.pass(INTERVAL)
  expect(await world.log()).toHaveLength(3)
})

test('while this process may not push, changes wait, and go when they may', async () => {
  let mayPush = true
  const world = await worlds.create({ mayPush: () => mayPush })
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  mayPush = false
  worlds.remote.reset()
  shop.set('a', '2', ANN)
  await world.pass(SILENCE * 4)
  shop.set('a', '3', BEN)
  await world.pass(INTERVAL * 2)
  expect(worlds.remote.requests).toEqual([])
  expect(shop.member.status.pending).toBe(2)
  mayPush = true
  world.writer.kick()
  await world.idle()
  await converged(world, shop)
  expect(await authors(world)).toEqual(['Ben', 'Ann', 'Bot'])
})

test('a process that may not push any more when all is prepared does not push', async () => {
  let mayPush = true
  const world = await worlds.create({ mayPush: () => mayPush })
  const shop = world.tenant('shop', { objects: { a: '1' } })
  await world.idle()
  shop.beforeSave = () => {
    mayPush = false
  }
  shop.set('b', '1', ANN)
  await world.pass(SILENCE)
  await world.idle()
  expect(await authors(world)).toEqual(['Bot'])
  expect(shop.member.status.failure).toMatchObject({ reason: 'ClusterUnavailable' })
  // Not at an orderly end either.
  await world.writer.stop(true)
  expect(await authors(world)).toEqual(['Bot'])
})
