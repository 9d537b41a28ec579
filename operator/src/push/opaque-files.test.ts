/** Files that do not say whose they are, as dashboards: what is known of them is where they are. */
import { expect, test } from 'vitest'
import { ANN, BEN, content, opaqueContent, pathOf } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()

/** Objects say themselves where they are: `new/a=1` is at new/a.json. */
async function begin(
  objects: Readonly<Record<string, string>>,
  settings: Parameters<World['tenant']>[1] = {},
): Promise<{ readonly world: World; readonly shop: Tenant; readonly places: Map<string, string> }> {
  const world = await worlds.create()
  const places = new Map<string, string>()
  const layout = (name: string): string => places.get(name) ?? `${name}.json`
  const shop = world.tenant('shop', { objects, layout, isOpaque: true, ...settings })
  await world.idle()
  return { world, shop, places }
}

async function push(world: World, files: Readonly<Record<string, string | null>>): Promise<void> {
  const full = Object.entries(files).map(([path, text]) => [`shop/${path}`, text])
  await world.repository.commitFiles(Object.fromEntries(full), { message: 'by hand' })
}
const subjects = async (world: World): Promise<string[]> =>
  (await world.log()).map(({ author, subject }) => `${author}: ${subject}`)

test('whatever somebody writes into one is written over, and where it is copied or moved to stays his', async () => {
  const { world, shop } = await begin({ a: '1', b: '2', c: '3' })
  const broken = '<<<<<<< neither JSON nor YAML\n- {'
  await push(world, { 'a.json': broken, 'b.json': content('a', '9'), 'c.json': null, 'copy.json': opaqueContent('3') })
  await world.look()
  expect(await world.folder('shop')).toEqual({
    'a.json': opaqueContent('1'),
    'b.json': opaqueContent('2'),
    'c.json': opaqueContent('3'),
    'copy.json': opaqueContent('3'),
  })
  expect(shop.member.status).toMatchObject({ healthy: true, unreadable: [], orphans: 0 })
})

test('an object that says another place moves there in the commit that changes it', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' })
  await world.edit(() => {
    places.set('a', 'new/a.json')
    shop.set('a', '1', ANN)
  })
  expect(await world.folder('shop')).toEqual({ 'new/a.json': opaqueContent('1'), 'b.json': opaqueContent('2') })
  expect((await subjects(world))[0]).toBe('Ann: Update ConfigMap shop/a')
  await world.edit(() => {
    places.set('a', 'x.json')
    shop.set('a', '2', ANN)
    places.set('a', 'y.json')
    shop.set('a', '3', BEN)
  })
  expect(await world.folder('shop')).toEqual({ 'y.json': opaqueContent('3'), 'b.json': opaqueContent('2') })
  expect((await subjects(world)).slice(0, 2)).toEqual(['Ben: Update ConfigMap shop/a', 'Ann: Update ConfigMap shop/a'])
  // And back, before anything of it is in Git.
  await world.edit(() => {
    places.set('a', 'z.json')
    shop.set('a', '3', ANN)
    places.set('a', 'y.json')
    shop.set('a', '4', ANN)
  })
  expect(await world.folder('shop')).toEqual({ 'y.json': opaqueContent('4'), 'b.json': opaqueContent('2') })
})

test('one that moves and goes at once leaves nothing behind', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' })
  await world.edit(() => {
    places.set('a', 'new.json')
    shop.set('a', '1', ANN)
    shop.remove('a')
  })
  expect(await world.folder('shop')).toEqual({ 'b.json': opaqueContent('2') })
})

test('two that came to want one file at once leave nothing behind when they go', async () => {
  const { world, shop, places } = await begin({ a: '1' })
  for (const name of ['b', 'c']) places.set(name, 'same.json')
  await world.edit(() => {
    shop.set('b', '2')
    shop.set('c', '3')
  })
  expect(await world.folder('shop')).toEqual({ 'a.json': opaqueContent('1'), 'same.json': opaqueContent('2') })
  await world.edit(() => {
    for (const name of ['b', 'c']) shop.remove(name)
  })
  expect(await world.folder('shop')).toEqual({ 'a.json': opaqueContent('1') })
  expect(shop.member.status.orphans).toBe(0)
})

test('one that goes takes its file along, also where others have the same content or somebody has edited it', async () => {
  const { world, shop } = await begin({ a: '1', b: '1', c: '1', d: '1' })
  await push(world, { 'c.json': 'edited by hand' })
  await world.edit(() => {
    for (const name of ['a', 'b', 'c']) shop.remove(name)
  })
  expect(await world.folder('shop')).toEqual({ 'd.json': opaqueContent('1') })
})

test('what went or moved while nobody looked goes afterwards, and what is somebody else’s stays', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '1', c: '3', d: '4' })
  await push(world, { 'b.json': 'edited by hand', 'other.json': opaqueContent('1') })
  for (const name of ['a', 'b']) shop.objects.delete(name)
  places.set('c', 'moved/c.json')
  world.restart()
  await world.look()
  expect(await world.folder('shop')).toEqual({
    'moved/c.json': opaqueContent('3'),
    'd.json': opaqueContent('4'),
    'other.json': opaqueContent('1'),
  })
  expect(shop.member.status.orphans).toBe(0)
})

test('one whose object is still there, but not wanted any more, keeps its file', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' })
  shop.member.objects.dropped('ConfigMap/shop/a')
  await world.look()
  expect(Object.keys(await world.folder('shop'))).toEqual(['a.json', 'b.json'])
  expect(shop.member.status.orphans).toBe(1)
})

test('with prune: Never nothing goes, whether its object went or moved', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' }, { settings: { prune: 'Never' } })
  await world.edit(() => {
    places.set('a', 'new.json')
    shop.set('a', '1')
    shop.remove('b')
  })
  await world.look()
  expect(Object.keys(await world.folder('shop')).sort()).toEqual(['a.json', 'b.json', 'new.json'])
})

test('with prune: Always what moved while nobody looked goes, and so does what is nobody’s', async () => {
  const { world, places } = await begin({ a: '1', b: '2' }, { settings: { prune: 'Always' } })
  places.set('a', 'new.json')
  await push(world, { 'other.json': '{}' })
  world.restart()
  await world.look()
  expect(Object.keys(await world.folder('shop')).sort()).toEqual(['b.json', 'new.json'])
})

test('nothing else is ever in its file, also where objects share files', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' }, { settings: { shared: true } })
  await world.edit(() => {
    places.set('b', 'a.json')
    shop.set('b', '3')
  })
  expect((await world.folder('shop'))['a.json']).toBe(opaqueContent('1'))
  expect(shop.member.desired.hasConflicts).toBe(true)
  await world.edit(() => {
    places.delete('b')
    shop.set('b', '4')
  })
  expect(await world.folder('shop')).toEqual({ 'a.json': opaqueContent('1'), 'b.json': opaqueContent('4') })
})

test('a GitSync that leaves takes them along, and they are in no list of kustomize', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' }, { settings: { kustomization: true } })
  expect(Object.keys(await world.folder('shop'))).toEqual(['a.json', 'b.json'])
  shop.change({ isLeaving: true })
  await world.look()
  expect(await world.folder('shop')).toEqual({})
})

test('a file of a manifest may become one of these', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' })
  await push(world, { 'taken.json': content('stranger', '1') })
  await world.edit(() => {
    places.set('a', 'taken.json')
    shop.set('a', '2')
  })
  expect(await world.folder('shop')).toEqual({ 'taken.json': opaqueContent('2'), 'b.json': opaqueContent('2') })
  expect(pathOf('a')).not.toBe('taken.json')
})

test('who moves one while a comparison is made signs the move', async () => {
  const { world, shop, places } = await begin({ a: '1', b: '2' })
  shop.beforeProof = () => {
    shop.beforeProof = () => undefined
    places.set('a', 'new.json')
    shop.set('a', '1', ANN)
  }
  await world.edit(() => {
    shop.remove('b')
    shop.member.requireCompare('drift')
  })
  await world.edit(() => undefined)
  expect(await world.folder('shop')).toEqual({ 'new.json': opaqueContent('1') })
  expect(await world.repository.git('log', '-1', '--format=%an', 'main', '--', 'shop/a.json')).toBe('Ann')
})
