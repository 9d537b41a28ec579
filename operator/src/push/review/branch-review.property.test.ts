import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRemote } from '../../../../test/kit/remote/index.ts'
import type { Remote } from '../../../../test/kit/remote/index.ts'
import { ANN, createWorld, INTERVAL, pathOf, wanted } from '../testing/world.ts'
import type { World, WorldOptions } from '../testing/world.ts'
import { managed, REVIEW, reviewedWorld } from './testing/reviewed-world.ts'

const HEAD = 'review/shop'
const TENANTS = ['shop', 'zoo'] as const
const OBJECTS = ['x', 'y'] as const

let remote: Remote
let count = 0
beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.stop())

const tenant = fc.constantFrom(...TENANTS)
const name = fc.constantFrom(...OBJECTS)
const value = fc.constantFrom('1', '2', '3')
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('set' as const), tenant, name, value }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), tenant, name }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 5_000, 700_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      how: fc.constantFrom('merge' as const, 'squash' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), removes: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('request' as const), tenant }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('foreign' as const),
      branch: fc.constantFrom('main', HEAD),
      path: fc.constantFrom('README', 'shop/theirs', `shop/${pathOf('x')}`),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), times: fc.integer({ min: 1, max: 3 }) }) },
)

test('whatever is edited, merged, closed and lost: one request tells what the base lacks, and merged it lacks nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const create = (options: WorldOptions): Promise<World> => createWorld(remote, `p${count++}`, options)
      const { world, forge: host } = await reviewedWorld(create, HEAD)
      const review = { ...REVIEW, labels: ['gitsync'] }
      for (const each of TENANTS) world.tenant(each, { objects: { x: '1' }, settings: { review } })
      // Something is in the base that can go again.
      await world.idle()
      await host.merge('squash')
      await world.pass(INTERVAL)
      const tips = async (): Promise<Set<string>> => new Set(await world.repository.log('main'))
      let base = await tips()
      let serial = 0
      for (const each of steps) {
        const target = world.tenants.get('tenant' in each ? each.tenant : '')
        if (each.do === 'set') target?.set(each.name, each.value, ANN)
        else if (each.do === 'remove') target?.remove(each.name)
        else if (each.do === 'pass') await world.pass(each.ms)
        else if (each.do === 'merge') {
          await world.idle()
          await host.merge(each.how)
          base = new Set([...base, ...(await tips())])
        } else if (each.do === 'close') {
          await world.idle()
          host.close()
          if (each.removes) await world.repository.git('update-ref', '-d', `refs/heads/${HEAD}`)
        } else if (each.do === 'request') target?.member.save(`r${serial++}`, { compare: true })
        else if (each.do === 'restart') world.restart()
        else if (each.do === 'lose') host.loseAnswers(each.times)
        else if (each.do === 'refuse') host.refuse(each.times)
        else {
          await world.idle()
          if ((await world.repository.resolve(each.branch)) === null) continue
          const text = `foreign ${serial++}`
          await world.repository.commitFiles({ [each.path]: text }, { branch: each.branch })
          if (each.branch === 'main') base = new Set([...base, ...(await tips())])
        }
        // Nobody but people writes the base.
        for (const commit of await tips()) expect(base).toContain(commit)
      }
      host.loseAnswers(0)
      host.refuse(0)
      const settle = async (): Promise<void> => {
        for (let i = 0; i < 3; i++) await world.pass(INTERVAL + 10_000)
        await world.idle()
      }
      await settle()
      const open = host.requests.filter(({ state }) => state === 'Open')
      expect(open.length).toBeLessThanOrEqual(1)
      const lacks = async (): Promise<boolean> => {
        for (const each of world.tenants.values()) {
          const there = await managed(world, 'main', each.name, OBJECTS)
          if (!isDeepStrictEqual(there, new Map(Object.entries(wanted(each))))) return true
        }
        return false
      }
      const members = [...world.tenants.values()].map(({ member }) => member)
      const isRefused = members.some(({ standing }) => standing.pullRequest(HEAD)?.isRefused)
      if (await lacks()) {
        // Either it is proposed, or somebody has said no to it.
        const hasClosed = steps.some((each) => each.do === 'close')
        expect(open.length === 1 || (isRefused && hasClosed)).toBe(true)
        expect(members.every(({ status }) => status.failure === undefined)).toBe(true)
      }
      if (open.length === 1) {
        for (const each of world.tenants.values())
          expect(Object.fromEntries(await managed(world, HEAD, each.name, OBJECTS))).toEqual(wanted(each))
        expect(members.map(({ standing }) => standing.pullRequest(HEAD)?.state)).toEqual(['Open', 'Open'])
        if (await host.merge('merge')) {
          await settle()
          expect(await lacks()).toBe(false)
        }
      }
      await world.repository.fsck()
      await world.writer.stop(false)
    }),
    { numRuns: 12 },
  )
}, 300_000)
