import { describe, expect, test } from 'vitest'
import type { MemberSettings } from './member-settings.ts'
import { ANN, content, pathOf, SILENCE, wanted } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()
let world: World

async function begin(objects: readonly string[], settings: Partial<MemberSettings> = {}): Promise<Tenant> {
  world = await worlds.create()
  const shop = world.tenant('shop', { objects: Object.fromEntries(objects.map((name) => [name, '1'])), settings })
  await world.idle()
  return shop
}

const many = Array.from({ length: 12 }, (_, index) => `o${String(index).padStart(2, '0')}`)
const names = async (): Promise<string[]> =>
  (await world.repository.lsTree('main', 'shop')).map(({ path }) => path.slice('shop/'.length)).sort()

describe('prune: Always', () => {
  const settings = { prune: 'Always' } as const

  test('the folder holds what the cluster holds, and the claim, and nothing else', async () => {
    const shop = await begin(['a', 'b'], settings)
    await world.repository.commitFiles({
      'shop/notes.md': 'mine',
      'shop/shop/foreign.yaml': content('foreign', '1'),
      'shop/deep/down/x.bin': Buffer.from([0, 1, 2]),
      'README.md': 'not in the folder',
    })
    await world.look()
    expect(await names()).toEqual(['.gitsync', 'shop/a.yaml', 'shop/b.yaml'])
    expect((await world.repository.readFile('main', 'README.md')).toString()).toBe('not in the folder')
    expect(shop.member.status.orphans).toBe(0)
  })

  test('a folder inside that another GitSync has claimed is left alone', async () => {
    await begin(['a'], settings)
    await world.repository.commitFiles({
      'shop/inner/.gitsync': 'cluster: x\n',
      'shop/inner/x.yaml': 'x',
      'shop/in': 'y',
    })
    await world.look()
    expect(await names()).toEqual(['.gitsync', 'inner/.gitsync', 'inner/x.yaml', 'shop/a.yaml'])
  })

  test('nothing goes while something that is selected cannot be read, or its kind is not served', async () => {
    const shop = await begin(['a'], settings)
    shop.served = false
    await world.repository.commitFiles({ 'shop/notes.md': 'mine', 'shop/shop/gone.yaml': content('gone', '1') })
    await world.look()
    expect(await names()).toEqual(['.gitsync', 'notes.md', 'shop/a.yaml', 'shop/gone.yaml'])
    shop.served = true
    shop.member.objects.judgeAgain()
    await world.idle()
    expect(await names()).toEqual(['.gitsync', 'shop/a.yaml'])
  })

  test('a file whose object is there, but could not be written, stays', async () => {
    const shop = await begin(['a'], settings)
    shop.objects.set('untold', '1')
    await world.repository.commitFiles({ 'shop/shop/untold.yaml': content('untold', '1') })
    await world.look()
    expect(await names()).toContain('shop/untold.yaml')
    expect(shop.member.status.orphans).toBe(1)
  })

  test('more than half of a folder waits for a confirmation, also of files that hold no objects', async () => {
    const shop = await begin(['a'], settings)
    await world.repository.commitFiles(Object.fromEntries(many.map((name) => [`shop/${name}.md`, name])))
    await world.look()
    expect(await names()).toHaveLength(14)
    const { token = '', count: waiting } = shop.member.status.massDeletion ?? {}
    expect(waiting).toBe(12)
    shop.change({ confirmDeletion: token })
    await world.idle()
    expect(await names()).toEqual(['.gitsync', 'shop/a.yaml'])
  })
})

describe('a GitSync that leaves', () => {
  const leave = async (shop: Tenant, more: Partial<MemberSettings> = {}): Promise<void> => {
    shop.objects.clear()
    shop.change({ isLeaving: true, ...more })
    world.restart()
    await world.idle()
  }

  /** As somebody can who may write ConfigMaps. */
  const forge = (shop: Tenant, paths: readonly string[]): void => {
    shop.member.inventory.add(paths)
    shop.saved = shop.member.inventory.encode()
  }

  test.each(['Owned', 'Never'] as const)(
    'takes its files and its claim along, and nothing else: prune %s',
    async (prune) => {
      const shop = await begin(['a', 'b'], { prune })
      await world.repository.commitFiles({ 'shop/notes.md': 'mine', 'README.md': 'x' })
      await leave(shop)
      expect(await names()).toEqual(['notes.md'])
      expect(shop.member.hasLeft).toBe(true)
      const [newest] = await world.log()
      expect(newest?.subject).toBe('Remove the files of shop')
    },
  )

  test('asks before it removes many', async () => {
    const shop = await begin(many)
    await leave(shop)
    expect(await names()).toHaveLength(13)
    expect(shop.member.hasLeft).toBe(false)
    const { token } = shop.member.status.massDeletion ?? {}
    shop.change({ confirmDeletion: token })
    await world.idle()
    expect(await world.repository.lsTree('main')).toEqual([])
    expect(shop.member.hasLeft).toBe(true)
  })

  test("leaves another's folder alone", async () => {
    const shop = await begin(['a'])
    await world.repository.commitFiles({ 'shop/.gitsync': 'cluster: another\n' })
    await leave(shop)
    expect(await names()).toEqual(['.gitsync', 'shop/a.yaml'])
    expect(shop.member.hasLeft).toBe(true)
  })

  test.each([undefined, 'cluster: another\n'])(
    'takes nothing from a folder that it has not claimed itself, whatever its inventory says: %j',
    async (claim) => {
      const shop = await begin(['a'])
      await world.repository.commitFiles({ 'shop/.gitsync': claim ?? null, 'shop/theirs/x.yaml': 'x' })
      forge(shop, ['theirs/x.yaml'])
      await leave(shop)
      expect(await names()).toContain('shop/a.yaml')
      expect(await names()).toContain('theirs/x.yaml')
    },
  )

  test('takes nothing from a folder inside that another has claimed, whatever its inventory says', async () => {
    const shop = await begin(['a'])
    await world.repository.commitFiles({ 'shop/inner/.gitsync': 'cluster: x\n', 'shop/inner/x.yaml': 'x' })
    forge(shop, ['inner/x.yaml', 'inner/.gitsync'])
    await leave(shop)
    expect(await names()).toEqual(['inner/.gitsync', 'inner/x.yaml'])
    expect(shop.member.hasLeft).toBe(true)
  })

  test('has nothing to do where nothing is', async () => {
    const shop = await begin([])
    await leave(shop)
    expect(shop.member.hasLeft).toBe(true)
    expect(await world.repository.resolve('main')).toBeNull()
  })

  test('does it once, whenever the answer is lost', async () => {
    const shop = await begin(['a'])
    worlds.remote.faults.loseAnswer()
    await leave(shop)
    await world.pass(SILENCE)
    await world.idle()
    expect(shop.member.hasLeft).toBe(true)
    expect((await world.log()).map(({ subject }) => subject)).toHaveLength(2)
  })

  test('goes on top of what others push meanwhile', async () => {
    const shop = await begin(['a'])
    worlds.remote.faults.beforeReceivePack(async () => {
      await world.repository.commitFiles({ 'shop/new.md': 'x' })
    })
    await leave(shop)
    expect(await names()).toEqual(['new.md'])
  })
})

test('with the default a foreign file stays', async () => {
  const shop = await begin(['a'])
  await world.repository.commitFiles({ 'shop/notes.md': 'mine' })
  shop.set('a', '2', ANN)
  await world.look()
  expect(await world.folder('shop')).toEqual({ ...wanted(shop), 'notes.md': 'mine' })
  expect(pathOf('a')).toBe('shop/a.yaml')
})
