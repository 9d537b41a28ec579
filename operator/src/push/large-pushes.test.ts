import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { ANN, SILENCE, wanted } from './testing/world.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()

/** Every object is so many bytes as a file, and a little more. */
const SIZE = 10_000
const MAX_PUSH = 65_536

/** What does not compress. */
const big = (seed: string, size = SIZE): string => {
  let text = ''
  for (let i = 0; text.length < size; i++) text += createHash('sha512').update(`${seed} ${i}`).digest('base64')
  return text.slice(0, size)
}
const pushedBytes = (): number[] =>
  worlds.remote.requests
    .filter(({ path }) => path.endsWith('/git-receive-pack'))
    .map(({ headers }) => Number(headers['content-length']))

test('an export that is larger than one push may be becomes several, and nothing is left out', async () => {
  const world = await worlds.create()
  const objects = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`o${i}`, big(String(i))]))
  const tenant = world.tenant('tenant', { objects, settings: { maxPushBytes: MAX_PUSH } })
  for (let i = 0; i < 15; i++) await world.pass(2_000)
  expect(await world.folder('tenant')).toEqual(wanted(tenant))
  expect((await world.log()).length).toBeGreaterThanOrEqual(6)
  expect(Math.max(...pushedBytes())).toBeLessThanOrEqual(MAX_PUSH)
})

test('so do edits that are together larger, and who made the first of them is still told', async () => {
  const world = await worlds.create()
  const tenant = world.tenant('tenant', { objects: { small: '1' }, settings: { maxPushBytes: MAX_PUSH } })
  await world.pass(SILENCE)
  for (let i = 0; i < 10; i++) tenant.set(`o${i}`, big(String(i)), ANN)
  for (let i = 0; i < 15; i++) await world.pass(2_000)
  expect(await world.folder('tenant')).toEqual(wanted(tenant))
  expect((await world.log()).map(({ author }) => author)).toContain(ANN.name)
})

test('one file that is larger goes alone: the budget refuses it if it must', async () => {
  const world = await worlds.create()
  const objects = { huge: big('x', 10 * SIZE), small: '1' }
  const tenant = world.tenant('tenant', { objects, settings: { maxPushBytes: MAX_PUSH } })
  for (let i = 0; i < 5; i++) await world.pass(2_000)
  expect(await world.folder('tenant')).toEqual(wanted(tenant))
  expect((await world.log()).length).toBe(2)
})
