import { expect, test } from 'vitest'
import { content } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()

const LAYOUT = (name: string): string => (name.startsWith('r') ? `${name}.yaml` : `apps/${name}.yaml`)

async function begin(
  objects: Readonly<Record<string, string>>,
): Promise<{ readonly world: World; readonly shop: Tenant }> {
  const world = await worlds.create()
  const shop = world.tenant('shop', { objects, settings: { kustomization: true }, layout: LAYOUT })
  await world.idle()
  return { world, shop }
}

const lists = async (world: World): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(await world.folder('shop')).filter(([path]) => path.endsWith('kustomization.yaml')))

const list = (...resources: string[]): string =>
  `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources.map((each) => `  - ${each}\n`).join('')}`

test('each folder lists its files and folders, in the commit that changes them', async () => {
  const { world, shop } = await begin({ a: '1', b: '1', r: '1' })
  expect(await lists(world)).toEqual({
    'apps/kustomization.yaml': list('a.yaml', 'b.yaml'),
    'kustomization.yaml': list('apps', 'r.yaml'),
  })
  expect(await world.log()).toHaveLength(1)
  expect(shop.member.status).toMatchObject({ healthy: true, orphans: 0, files: 3 })
  await world.edit(() => {
    shop.set('aa', '1')
    shop.remove('r')
  })
  expect(await lists(world)).toEqual({
    'apps/kustomization.yaml': list('a.yaml', 'aa.yaml', 'b.yaml'),
    'kustomization.yaml': list('apps'),
  })
  expect(await world.log()).toHaveLength(2)
  worlds.remote.reset()
  await world.edit(() => shop.set('a', '2'))
  expect(worlds.remote.requests).toHaveLength(1)
  await world.edit(() => ['a', 'aa', 'b'].forEach((name) => shop.remove(name)))
  expect(await world.folder('shop')).toEqual({})
  world.restart()
  await world.look()
  expect(await world.folder('shop')).toEqual({})
})

test('what people wrote into the list stays: comments, other keys, other entries', async () => {
  const { world, shop } = await begin({ a: '1', b: '1' })
  const own = `# ours\nkind: Kustomization\nnamePrefix: x- # why\nresources: # all\n- ../base\n- b.yaml # b\n- values.yaml\n- a.yaml\n`
  await world.repository.commitFiles({ 'shop/apps/kustomization.yaml': own, 'shop/apps/values.yaml': 'x: 1\n' })
  await world.look()
  expect((await lists(world))['apps/kustomization.yaml']).toBe(own)
  await world.edit(() => {
    shop.set('c', '1')
    shop.remove('b')
  })
  const after = own.replace('- b.yaml # b\n', '- c.yaml\n')
  expect((await lists(world))['apps/kustomization.yaml']).toBe(after)
  world.restart()
  await world.look()
  expect((await lists(world))['apps/kustomization.yaml']).toBe(after)
  await world.edit(() => ['a', 'c'].forEach((name) => shop.remove(name)))
  expect((await lists(world))['apps/kustomization.yaml']).toContain('- values.yaml')
})

test('a list that is lost, wrong, or wanted from now on is made; one that cannot be read stays', async () => {
  const { world, shop } = await begin({ a: '1' })
  await world.repository.commitFiles({
    'shop/apps/kustomization.yaml': list('none.yaml'),
    'shop/kustomization.yaml': null,
  })
  await world.look()
  expect(await lists(world)).toEqual({ 'apps/kustomization.yaml': list('a.yaml'), 'kustomization.yaml': list('apps') })
  await world.repository.commitFiles({ 'shop/apps/kustomization.yaml': 'a: [\n' })
  await world.look()
  expect((await lists(world))['apps/kustomization.yaml']).toBe('a: [\n')
  expect(shop.member.unreadable).toMatchObject([{ path: 'apps/kustomization.yaml' }])

  const later = await worlds.create()
  const tenant = later.tenant('shop', { objects: { r: '1' }, layout: LAYOUT })
  await later.idle()
  expect(await later.folder('shop')).toEqual({ 'r.yaml': content('r', '1') })
  tenant.change({ kustomization: true })
  await later.idle()
  expect(await lists(later)).toEqual({ 'kustomization.yaml': list('r.yaml') })
})
