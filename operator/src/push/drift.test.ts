import { describe, expect, test } from 'vitest'
import type { MemberSettings } from './member-settings.ts'
import { ANN, content, pathOf, wanted } from './testing/world.ts'
import type { Tenant, World } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()
let world: World

async function begin(settings: Partial<MemberSettings> = {}): Promise<Tenant> {
  world = await worlds.create()
  const shop = world.tenant('shop', { objects: { a: '1', b: '1', c: '1' }, settings })
  await world.idle()
  return shop
}

async function edit(tenant: Tenant, name: string, value: string, writtenAt?: string): Promise<void> {
  await world.edit(() => tenant.set(name, value, ANN, writtenAt))
}

const LONG_AFTER = '2100-01-01T00:00:00Z'
const file = (name: string): string => `shop/${pathOf(name)}`
const failure = ({ member }: Tenant): string => {
  const { failure } = member.status
  return failure === undefined ? '' : `${failure.reason}: ${failure.message}`
}
const tokenIn = (message: string, name: string): string => new RegExp(`${name}=(\\w+)`).exec(message)?.[1] ?? ''

describe('Overwrite', () => {
  test('foreign edits are written over, and the status says how many', async () => {
    const shop = await begin()
    await world.repository.commitFiles({ [file('a')]: 'by hand', [file('b')]: null })
    await world.look()
    expect(await world.folder('shop')).toEqual(wanted(shop))
    expect(shop.member.status.drift).toMatchObject({ outcome: 'Overwritten', files: 2 })
  })
})

test('a file that nobody gives again is asked for with growing pauses, and holds up no other', async () => {
  const shop = await begin()
  const a = shop.objects.get('a') ?? ''
  shop.objects.delete('a')
  await world.repository.commitFiles({ [file('a')]: 'by hand' })
  await world.look()
  shop.rereads = 0
  for (let minute = 0; minute < 9; minute++) await world.pass(60_000)
  expect(shop.rereads).toBeGreaterThan(5)
  expect(shop.rereads).toBeLessThan(20)
  await edit(shop, 'b', '2')
  expect((await world.folder('shop'))[pathOf('b')]).toBe(content('b', '2'))
  shop.objects.set('a', a)
  await world.pass(60_000)
  expect(await world.folder('shop')).toEqual(wanted(shop))
})

describe('Adopt', () => {
  const settings = { onDrift: 'Adopt' } as const
  const byHand = async (): Promise<void> => {
    await world.repository.commitFiles({ [file('a')]: 'by hand', [file('b')]: null })
  }

  test('what was changed or removed in Git stays so, until its object changes', async () => {
    const shop = await begin(settings)
    await byHand()
    await world.look()
    const adopted = { [pathOf('a')]: 'by hand', [pathOf('c')]: content('c', '1') }
    expect(await world.folder('shop')).toEqual(adopted)
    expect(shop.member.status).toMatchObject({ healthy: true, drift: { outcome: 'Adopted', files: 2 } })
    await edit(shop, 'c', '2')
    expect(await world.folder('shop')).toEqual({ ...adopted, [pathOf('c')]: content('c', '2') })
    await edit(shop, 'a', '3', LONG_AFTER)
    await world.look()
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: content('a', '3'), [pathOf('c')]: content('c', '2') })
    await edit(shop, 'b', '3', LONG_AFTER)
    expect(await world.folder('shop')).toEqual(wanted(shop))
    await world.look()
    expect(shop.member.status.drift).toBeUndefined()
  })

  test('a restart adopts the same, and an object that changed meanwhile is written', async () => {
    const shop = await begin(settings)
    await byHand()
    await world.look()
    shop.objects.set('c', '9')
    world.restart()
    await world.idle()
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: 'by hand', [pathOf('c')]: content('c', '9') })
  })

  test('an edit in the cluster that is newer than the one in Git wins, also in one window', async () => {
    const shop = await begin(settings)
    shop.set('a', '2', ANN, LONG_AFTER)
    await byHand()
    await world.look()
    expect(await world.folder('shop')).toEqual({ [pathOf('a')]: content('a', '2'), [pathOf('c')]: content('c', '1') })
  })

  test('a file of several objects that one of them goes from is written whole', async () => {
    world = await worlds.create()
    const shop = world.tenant('shop', {
      objects: { a: '1', b: '1', c: '1' },
      settings: { ...settings, shared: true },
      layout: () => 'all.yaml',
    })
    await world.idle()
    const all = (a: string, ...others: string[]): Record<string, string> => ({
      'all.yaml': [content('a', a), ...others.map((name) => content(name, '1'))].join('---\n'),
    })
    await world.repository.commitFiles(
      Object.fromEntries(Object.entries(all('by hand', 'b', 'c')).map(([path, text]) => [`shop/${path}`, text])),
    )
    await world.look()
    expect(await world.folder('shop')).toEqual(all('by hand', 'b', 'c'))
    shop.objects.delete('c')
    world.restart()
    await world.idle()
    expect(await world.folder('shop')).toEqual(all('1', 'b'))
  })

  test('looking again costs no more than looking', async () => {
    await begin(settings)
    await byHand()
    await world.look()
    const before = worlds.remote.requests.length
    await world.look()
    expect(worlds.remote.requests.length - before).toBe(1)
  })
})

describe('Stall', () => {
  const settings = { onDrift: 'Stall' } as const

  test('nothing is written until just these edits are confirmed', async () => {
    const shop = await begin(settings)
    const tip = await world.repository.commitFiles({ [file('a')]: 'by hand', [file('b')]: null })
    await world.look()
    await edit(shop, 'c', '2')
    expect(await world.repository.resolve('main')).toBe(tip)
    expect(failure(shop)).toMatch(
      /^Drifted: shop\/a.yaml was changed by Foreign Writer in \w{12}; shop\/b.yaml was removed/,
    )
    expect(shop.member.status.drift).toMatchObject({ outcome: 'Stalled', files: 2, commit: tip })
    const token = tokenIn(failure(shop), 'confirm-overwrite')
    world.restart()
    await world.idle()
    expect(tokenIn(failure(shop), 'confirm-overwrite')).toBe(token)
    shop.change({ confirmOverwrite: 'something else' })
    await world.idle()
    expect(failure(shop)).toContain('now says "something else"')
    shop.change({ confirmOverwrite: token })
    await world.idle()
    expect(await world.folder('shop')).toEqual(wanted(shop))
    expect(shop.member.status).toMatchObject({ healthy: true, drift: { outcome: 'Overwritten' } })
  })

  test('it goes on when the edit is undone in Git', async () => {
    const shop = await begin(settings)
    await world.repository.commitFiles({ [file('a')]: 'by hand' })
    await world.look()
    expect(failure(shop)).toContain('Drifted')
    await world.repository.commitFiles({ [file('a')]: content('a', '1') })
    await world.look()
    expect(shop.member.status.healthy).toBe(true)
    expect(shop.member.status.drift).toBeUndefined()
  })

  test('an edit in the cluster does not hide one in Git', async () => {
    const shop = await begin(settings)
    shop.set('a', '2', ANN)
    const tip = await world.repository.commitFiles({ [file('a')]: 'by hand' })
    await world.look()
    expect(failure(shop)).toContain('Drifted')
    expect(await world.repository.resolve('main')).toBe(tip)
  })

  test('what changed in the cluster while nobody watched is no drift', async () => {
    const shop = await begin(settings)
    shop.objects.set('a', '9')
    await world.repository.commitFiles({ 'README.md': 'elsewhere' })
    world.restart()
    await world.idle()
    expect(await world.folder('shop')).toEqual(wanted(shop))
  })
})

describe('a history that was rewritten', () => {
  const squash = async (): Promise<string> => {
    await world.repository.git('update-ref', '-d', 'refs/heads/main')
    return await world.repository.commitFiles({ README: 'new beginning' })
  }

  test('stops everybody on the branch, with both tips, until it is accepted, by each', async () => {
    const shop = await begin()
    const lab = world.tenant('lab', { objects: { x: '1' } })
    await world.idle()
    const missing = await world.repository.resolve('main')
    const tip = await squash()
    await edit(shop, 'a', '2')
    await world.look()
    for (const tenant of [shop, lab]) {
      expect(failure(tenant)).toContain(`HistoryRewritten: commit ${missing} was`)
      expect(failure(tenant)).toContain(`its tip is ${tip} now`)
    }
    expect(await world.repository.resolve('main')).toBe(tip)
    const token = tokenIn(failure(shop), 'accept-history')
    shop.change({ acceptHistory: token })
    await world.idle()
    expect(await world.folder('shop')).toEqual(wanted(shop))
    expect(await world.folder('lab')).toEqual({})
    // As git abbreviates it.
    lab.change({ acceptHistory: token.slice(0, 7) })
    await world.idle()
    expect(await world.folder('lab')).toEqual(wanted(lab))
    expect((await world.repository.readFile('main', 'README')).toString()).toBe('new beginning')
  })

  test('is noticed after a restart too', async () => {
    const shop = await begin()
    const tip = await squash()
    world.restart()
    await world.idle()
    expect(failure(shop)).toContain('HistoryRewritten')
    expect(await world.repository.resolve('main')).toBe(tip)
  })

  test('is forgotten when the branch is put back', async () => {
    const shop = await begin()
    const before = (await world.repository.resolve('main')) ?? ''
    await squash()
    await world.look()
    expect(failure(shop)).toContain('HistoryRewritten')
    await world.repository.git('update-ref', 'refs/heads/main', before)
    await world.look()
    expect(shop.member.status.healthy).toBe(true)
    await edit(shop, 'a', '2')
    expect(await world.folder('shop')).toEqual(wanted(shop))
  })
})
