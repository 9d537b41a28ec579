import { describe, expect, test } from 'vitest'
import { toJson } from '../render/json.ts'
import { parseYaml } from '../render/edit/exact-yaml.ts'
import { ANN, content, pathOf, SILENCE } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

/** No commit is without a change. */
const worlds = useWorlds(async (world) => {
  const log = await world.log()
  expect(log.length).toBeGreaterThan(0)
  for (const [index, { tree }] of log.entries()) expect(tree).not.toBe(log[index + 1]?.tree)
})

async function begin(
  objects: Readonly<Record<string, string>>,
  options: Partial<Parameters<World['tenant']>[1]> = {},
): Promise<{ readonly world: World; readonly shop: Tenant }> {
  const world = await worlds.create()
  const shop = world.tenant('shop', { objects, ...options })
  await world.idle()
  return { world, shop }
}

/** A person pushes, and the operator looks. */
async function push(world: World, files: Readonly<Record<string, string | null>>): Promise<void> {
  const full = Object.entries(files).map(([path, text]) => [`shop/${path}`, text])
  await world.repository.commitFiles(Object.fromEntries(full), { message: 'by hand' })
  await world.look()
}

const commits = async (world: World): Promise<number> => (await world.log()).length
const file = async (world: World, path: string): Promise<string | undefined> => (await world.folder('shop'))[path]
/** What is there after everything in memory was lost. */
async function restarted(world: World): Promise<Record<string, string>> {
  world.restart()
  await world.look()
  return world.folder('shop')
}

const COMMENTED = `# The switch.\n${content('a', '1').replace('value: "1"', "value:   '1' # on")}\n# the end\n`

test('a commit of comments alone is no drift, now and after a restart', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' })
  await push(world, { [pathOf('a')]: COMMENTED })
  expect(await file(world, pathOf('a'))).toBe(COMMENTED)
  const before = await commits(world)
  expect(shop.member.status).toMatchObject({ healthy: true, pending: 0, orphans: 0 })
  expect((await restarted(world))[pathOf('a')]).toBe(COMMENTED)
  expect(await commits(world)).toBe(before)
})

test.each([
  ['a file that is too large to be held', 'a'.repeat((64 << 20) + 1)],
  ['an object that no printed form says', content('other', '1').replace(/value: .*/, 'value: y')],
])('%s keeps nothing else from being written', async (_name, text) => {
  const { world, shop } = await begin({ a: '1' })
  // An object that is not in its file is looked for in all others.
  await push(world, { 'other.yaml': text, [pathOf('a')]: null })
  expect(shop.member.status).toMatchObject({ healthy: true, pending: 0 })
  expect(await file(world, pathOf('a'))).toBe(content('a', '1'))
})

test('what was read once is not read again: a look costs what it costs in a folder without comments', async () => {
  const { world } = await begin({ a: '1', b: '2' })
  await push(world, { [pathOf('a')]: COMMENTED, 'README.md': 'ours\n' })
  worlds.remote.reset()
  await world.look()
  expect(worlds.remote.requests.map(({ method }) => method)).toEqual(['POST'])
  worlds.remote.reset()
  await push(world, { [pathOf('b')]: content('b', 'other') })
  const plain = worlds.remote.requests.length
  await push(world, { [pathOf('b')]: `# b\n${content('b', '2')}` })
  worlds.remote.reset()
  await push(world, { 'README.md': 'theirs\n' })
  expect(worlds.remote.requests.length).toBeLessThanOrEqual(plain)
})

test('a changed object changes its line, by the one who changed it, and everything else stays', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' })
  await push(world, { [pathOf('a')]: COMMENTED })
  await world.edit(() => shop.set('a', '3', ANN))
  expect(await file(world, pathOf('a'))).toBe(COMMENTED.replace("'1'", "'3'"))
  expect((await world.log())[0]).toMatchObject({ author: 'Ann', subject: 'Update ConfigMap shop/a' })
  worlds.remote.reset()
  await world.edit(() => shop.set('a', '4', ANN))
  expect(await file(world, pathOf('a'))).toBe(COMMENTED.replace("'1'", "'4'"))
  // The file is read, and the change pushed.
  expect(worlds.remote.requests).toHaveLength(2)
  worlds.remote.reset()
  await world.edit(() => shop.set('b', '5', ANN))
  expect(worlds.remote.requests).toHaveLength(1)
  const files = await world.folder('shop')
  expect(await restarted(world)).toEqual(files)
})

test('a value that a person changed is written back, with the comments they made', async () => {
  const { world } = await begin({ a: '1' })
  await push(world, { [pathOf('a')]: COMMENTED.replace("'1'", "'7'") })
  expect(await file(world, pathOf('a'))).toBe(COMMENTED)
})

test('a file that a person moved is written where it is, and goes when its object goes', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' })
  await push(world, {
    [pathOf('a')]: null,
    'apps/switch.yaml': COMMENTED,
    [pathOf('b')]: null,
    'apps/b.yml': content('b', '2'),
  })
  expect(Object.keys(await world.folder('shop')).sort()).toEqual(['apps/b.yml', 'apps/switch.yaml'])
  await world.edit(() => {
    shop.set('a', '3', ANN)
    shop.set('b', '4', ANN)
  })
  const files = { 'apps/switch.yaml': COMMENTED.replace("'1'", "'3'"), 'apps/b.yml': content('b', '4') }
  expect(await world.folder('shop')).toEqual(files)
  expect(await restarted(world)).toEqual(files)
  await world.edit(() => shop.remove('a'))
  expect(Object.keys(await world.folder('shop'))).toEqual(['apps/b.yml'])
  // Gone while nobody looked: the moved file is this GitSync's own.
  shop.objects.delete('b')
  expect(await restarted(world)).toEqual({})
})

test('an object that changes while its file is moved is written to where the file is now', async () => {
  const { world, shop } = await begin({ a: '1' })
  await world.repository.commitFiles({ [`shop/${pathOf('a')}`]: null, 'shop/moved.yaml': COMMENTED })
  await world.edit(() => shop.set('a', '3', ANN))
  await world.look()
  expect(await world.folder('shop')).toEqual({ 'moved.yaml': COMMENTED.replace("'1'", "'3'") })
})

test('an object in a folder inside that another has claimed is nobody else’s: it is written where it belongs', async () => {
  const { world, shop } = await begin({ a: '1' })
  const inner = { 'inner/.gitsync': 'cluster: another\n', 'inner/b.yaml': content('b', '1') }
  await push(world, inner)
  await world.edit(() => shop.set('b', '2', ANN))
  const expected = { [pathOf('a')]: content('a', '1'), [pathOf('b')]: content('b', '2'), ...inner }
  expect(await world.folder('shop')).toEqual(expected)
  expect(await restarted(world)).toEqual(expected)
})

test('a file that is moved back is followed', async () => {
  const { world, shop } = await begin({ a: '1' })
  await push(world, { [pathOf('a')]: null, 'moved.yaml': COMMENTED })
  await push(world, { [pathOf('a')]: COMMENTED, 'moved.yaml': null })
  await world.edit(() => shop.set('a', '2'))
  expect(Object.keys(await world.folder('shop'))).toEqual([pathOf('a')])
})

describe('several objects in a file', () => {
  const MERGED = `# both\n---\n${COMMENTED}---\n# theirs\nkind: Values\nx: 1\n---\n${content('b', '2')}`

  test('each is edited by itself, and only its document goes', async () => {
    const { world, shop } = await begin({ a: '1', b: '2' })
    await push(world, { [pathOf('a')]: MERGED, [pathOf('b')]: null })
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: MERGED })
    await world.edit(() => shop.set('b', '3', ANN))
    const after = MERGED.replace(content('b', '2'), content('b', '3'))
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: after })
    expect(await restarted(world)).toEqual({ [pathOf('a')]: after })
    await world.edit(() => shop.remove('a'))
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: after.replace(`---\n${COMMENTED}`, '') })
    shop.objects.delete('b')
    // What is not ours keeps the file.
    expect(await restarted(world)).toEqual({ [pathOf('a')]: '# both\n---\n# theirs\nkind: Values\nx: 1\n' })
  })

  test('an object that somebody else added is left alone, whether or not it exists', async () => {
    const { world, shop } = await begin({ a: '1' })
    const both = `${content('a', '1')}---\n${content('z', '9')}`
    await push(world, { [pathOf('a')]: both })
    expect(await file(world, pathOf('a'))).toBe(both)
    await world.edit(() => shop.remove('a'))
    expect(await file(world, pathOf('a'))).toBe(content('z', '9'))
    expect(await restarted(world)).toEqual({ [pathOf('a')]: content('z', '9') })
  })

  test('with documents: Many they are together from the first, in order', async () => {
    const { world, shop } = await begin({ b: '2', a: '1' }, { settings: { shared: true }, layout: () => 'all.yaml' })
    const all = (...values: [string, string][]): Record<string, string> => ({
      'all.yaml': values.map(([name, value]) => content(name, value)).join('---\n'),
    })
    expect(await world.folder('shop')).toEqual(all(['a', '1'], ['b', '2']))
    expect(shop.member.status).toMatchObject({ healthy: true, files: 2 })
    expect(shop.member.desired.hasConflicts).toBe(false)
    await world.edit(() => {
      shop.set('aa', '3', ANN)
      shop.set('b', '4', ANN)
    })
    expect(await world.folder('shop')).toEqual(all(['a', '1'], ['aa', '3'], ['b', '4']))
    await world.edit(() => shop.remove('a'))
    expect(await restarted(world)).toEqual(all(['aa', '3'], ['b', '4']))
    shop.objects.delete('aa')
    expect(await restarted(world)).toEqual(all(['b', '4']))
    await world.edit(() => shop.remove('b'))
    expect(await world.folder('shop')).toEqual({})
  })

  test('what was alone in a file and is gone leaves it also when another object comes to it', async () => {
    const { world, shop } = await begin({ a: '1' }, { settings: { shared: true }, layout: () => 'all.yaml' })
    shop.objects.delete('a')
    shop.objects.set('b', '2')
    expect(await restarted(world)).toEqual({ 'all.yaml': content('b', '2') })
  })

  test('the guard counts documents', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `o${String(i).padStart(2, '0')}`)
    const { world, shop } = await begin(Object.fromEntries(names.map((name) => [name, '1'])), {
      settings: { shared: true },
      layout: () => 'all.yaml',
    })
    const before = await world.folder('shop')
    await world.edit(() => names.slice(0, 12).forEach((name) => shop.remove(name)))
    expect(await world.folder('shop')).toEqual(before)
    const { massDeletion } = shop.member.status
    expect(massDeletion?.count).toBe(12)
    shop.change({ confirmDeletion: massDeletion?.token })
    await world.pass(SILENCE)
    await world.idle()
    expect(await world.folder('shop')).toEqual({
      'all.yaml': names
        .slice(12)
        .map((name) => content(name, '1'))
        .join('---\n'),
    })
  })
})

test('a file that cannot be read stays as it is, is named, and is written again when it can be', async () => {
  const { world, shop } = await begin({ a: '1', b: '2' })
  const broken = `${content('a', '1')}<<<<<<< HEAD\n  x: [\n`
  await push(world, { [pathOf('a')]: broken })
  await world.edit(() => {
    shop.set('a', '3', ANN)
    shop.set('b', '3', ANN)
  })
  expect(await world.folder('shop')).toEqual({ [pathOf('a')]: broken, [pathOf('b')]: content('b', '3') })
  expect(shop.member.unreadable).toMatchObject([{ path: pathOf('a') }])
  expect(await restarted(world)).toMatchObject({ [pathOf('a')]: broken })
  expect(shop.member.unreadable[0]?.problem).toMatch(/line \d+/)
  await world.edit(() => shop.remove('a'))
  expect(await file(world, pathOf('a'))).toBe(broken)
  shop.set('a', '4')
  await push(world, { [pathOf('a')]: COMMENTED })
  expect(await file(world, pathOf('a'))).toBe(COMMENTED.replace("'1'", "'4'"))
  expect(shop.member.unreadable).toEqual([])
})

test('text that holds no object at all is replaced', async () => {
  const { world } = await begin({ a: '1' })
  await push(world, { [pathOf('a')]: 'nothing of the kind\n' })
  expect(await file(world, pathOf('a'))).toBe(content('a', '1'))
})

test('with existing: Replace files are printed anew and looked for nowhere else', async () => {
  const { world } = await begin({ a: '1' }, { settings: { content: { format: 'YAML', inPlace: false } } })
  await push(world, { [pathOf('a')]: COMMENTED })
  expect(await file(world, pathOf('a'))).toBe(content('a', '1'))
  await push(world, { [pathOf('a')]: null, 'moved.yaml': content('a', '1') })
  expect(await world.folder('shop')).toEqual({ [pathOf('a')]: content('a', '1'), 'moved.yaml': content('a', '1') })
})

test('a file in JSON stays JSON at a path of its own, and what the operator printed in the other format is printed anew', async () => {
  const { world, shop } = await begin({ a: '1' }, { settings: { content: { format: 'YAML' } } })
  const json = JSON.stringify(parseYaml(content('a', '1')).value, null, '\t')
  await push(world, { [pathOf('a')]: null, 'a.json': json })
  await world.edit(() => shop.set('a', '2'))
  expect(await world.folder('shop')).toEqual({ 'a.json': json.replace('"1"', '"2"') })
  await push(world, { 'a.json': null, [pathOf('a')]: toJson(parseYaml(content('a', '2')).value) })
  expect(await world.folder('shop')).toEqual({ [pathOf('a')]: content('a', '2') })
})

test('another layout is for objects that are in no file yet', async () => {
  const { world, shop } = await begin({ a: '1' })
  shop.layout = (name) => `other/${name}.yaml`
  await world.edit(() => {
    shop.set('a', '2')
    shop.set('b', '2')
  })
  const files = { [pathOf('a')]: content('a', '2'), 'other/b.yaml': content('b', '2') }
  expect(await world.folder('shop')).toEqual(files)
  expect(await restarted(world)).toEqual(files)
})
