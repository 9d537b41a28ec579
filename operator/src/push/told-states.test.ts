/** States that a source tells one by one: each is a commit, in their order, whatever one push has room for. */
import { expect, test } from 'vitest'
import { SpoolBudget } from './spool.ts'
import { ANN, BEN, opaqueContent, rendered } from './testing/world.ts'
import type { Tenant, World, WorldOptions } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()

async function start(options: WorldOptions = {}, settings: Partial<Tenant['settings']> = {}) {
  const world = await worlds.create(options)
  const tenant = world.tenant('a', { isOpaque: true, settings, layout: () => 'first.json' })
  await world.idle()
  const tell = (value: string, path = 'first.json', author = ANN): boolean => {
    const { file, bytes } = rendered('x', value, path, true)
    const told = { message: `Save ${value.slice(0, 8)}`, trailers: [`Gitsync-Source: ${value.slice(0, 8)}`] }
    // As the API server says it of the object.
    tenant.objects.set('x', value)
    tenant.layout = () => path
    return tenant.member.objects.tell(file, bytes, { author, time: 1_000_000, told })
  }
  return { world, tenant, tell }
}
const history = async (world: World): Promise<(readonly [string, string, string])[]> =>
  (await world.log())
    .filter(({ subject }) => subject.startsWith('Save'))
    .map(({ author, subject, body }) => [author, subject, /^Gitsync-Source: (.*)$/m.exec(body)?.[1] ?? ''] as const)
    .reverse()

test('each is a commit with its author, message and date, also before the first comparison', async () => {
  const { world, tell } = await start()
  for (const [value, author] of [
    ['1', ANN],
    ['2', BEN],
    ['3', BEN],
  ] as const)
    expect(tell(value, 'first.json', author)).toBe(true)
  await world.pass(0)
  expect(await history(world)).toEqual([
    ['Ann', 'Save 1', '1'],
    ['Ben', 'Save 2', '2'],
    ['Ben', 'Save 3', '3'],
  ])
  expect(await world.repository.git('log', '-1', '--format=%at', 'main')).toBe('1000')
  expect(await world.folder('a')).toEqual({ 'first.json': opaqueContent('3') })
})

test('a file that goes away and comes back is at one place in each commit', async () => {
  const { world, tell } = await start()
  tell('1', 'first.json')
  tell('2', 'second.json')
  tell('3', 'first.json')
  await world.pass(0)
  const trees = await Promise.all(
    [2, 1, 0].map((back) => world.repository.git('ls-tree', '-r', '--name-only', `main~${back}`)),
  )
  expect(trees.map((tree) => tree.split('\n').filter((path) => !path.endsWith('.gitsync')))).toEqual([
    ['a/first.json'],
    ['a/second.json'],
    ['a/first.json'],
  ])
})

test('more than one push may have goes with the next ones, and an ordinary edit does not overtake it', async () => {
  const { world, tenant, tell } = await start({}, { maxPushBytes: 40_000 })
  const values = Array.from({ length: 12 }, (_, i) => `${String(i).padStart(8, '0')}${'x'.repeat(6_000)}`)
  for (const value of values) expect(tell(value)).toBe(true)
  tenant.member.requireCompare('drift')
  await world.pass(0)
  expect((await history(world)).map(([, subject]) => subject)).toEqual(
    values.map((value) => `Save ${value.slice(0, 8)}`),
  )
  expect(world.pushes.length).toBeGreaterThan(3)
  expect((await world.log()).filter(({ body }) => body.includes('Gitsync-Compared') && body.includes('x'))).toEqual([])
  expect(await world.repository.git('rev-list', '--count', 'main')).toBe(String(values.length))
})

test('without room nothing is taken, and what was taken is written', async () => {
  const { world, tell } = await start({ budget: new SpoolBudget(10_000) })
  const value = (i: number): string => `${i}${'y'.repeat(4_000)}`
  expect([tell(value(1)), tell(value(2)), tell(value(3))]).toEqual([true, true, false])
  await world.pass(0)
  expect(await history(world)).toHaveLength(2)
  expect(tell(value(3))).toBe(true)
})

test('who has many leaves the rest for later', async () => {
  const { world, tell } = await start()
  const taken = Array.from({ length: 600 }, (_, i) => tell(String(i))).filter(Boolean)
  expect(taken).toHaveLength(500)
  await world.pass(0)
  expect(await history(world)).toHaveLength(500)
  expect(tell('more')).toBe(true)
})
