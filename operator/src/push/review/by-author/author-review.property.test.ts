import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRemote } from '../../../../../test/kit/remote/index.ts'
import type { Remote } from '../../../../../test/kit/remote/index.ts'
import { ANN, BEN, createWorld, INTERVAL, pathOf, wanted } from '../../testing/world.ts'
import type { World, WorldOptions } from '../../testing/world.ts'
import { managed, REVIEW, reviewedWorld } from '../testing/reviewed-world.ts'

const TEMPLATE = 'review/{author}'
const ROBOT = { name: 'Robot', email: 'robot@example.com' }
const HEADS = ['review/ann', 'review/ben', 'review/bot', 'review/robot'] as const
const TENANTS = ['shop', 'zoo'] as const
const OBJECTS = ['x', 'y', 'z'] as const

let remote: Remote
let count = 0
beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.stop())

const tenant = fc.constantFrom(...TENANTS)
const name = fc.constantFrom(...OBJECTS)
const head = fc.constantFrom(...HEADS)
const author = fc.constantFrom(ANN, BEN, undefined)
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      tenant,
      name,
      author,
      value: fc.constantFrom('1', '2', '3'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), tenant, name }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 5_000, 700_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('merge' as const),
      head,
      how: fc.constantFrom('merge' as const, 'squash' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), head, removes: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rewrite' as const), head }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('protect' as const), head }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('robot' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('request' as const), tenant }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('foreign' as const),
      branch: fc.constantFrom('main', ...HEADS),
      path: fc.constantFrom('README', 'shop/theirs', `shop/${pathOf('x')}`),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), after: fc.integer({ min: 0, max: 2 }) }) },
)

/** Paths of the operator that a branch has otherwise than the base, and how it has them. */
async function proposed(world: World, branch: string): Promise<Map<string, string | undefined>> {
  const changes = new Map<string, string | undefined>()
  if ((await world.repository.resolve(branch)) === null) return changes
  for (const folder of TENANTS) {
    const [there, base] = [await managed(world, branch, folder, OBJECTS), await managed(world, 'main', folder, OBJECTS)]
    for (const path of new Set([...there.keys(), ...base.keys()]))
      if (there.get(path) !== base.get(path)) changes.set(`${folder}/${path}`, there.get(path))
  }
  return changes
}

/** Paths that the base has not as the cluster has them, and how the cluster has them. */
async function lacking(world: World): Promise<Map<string, string | undefined>> {
  const lacks = new Map<string, string | undefined>()
  for (const tenant of world.tenants.values()) {
    const [there, files] = [await managed(world, 'main', tenant.name, OBJECTS), wanted(tenant)]
    for (const path of new Set([...there.keys(), ...Object.keys(files)]))
      if (there.get(path) !== files[path]) lacks.set(`${tenant.name}/${path}`, files[path])
  }
  return lacks
}

/** What people do to a head that is behind: all that it proposes becomes one commit of theirs on the base. */
async function squashOnBase({ repository }: World, head: string): Promise<void> {
  if ((await repository.resolve(head)) === null) return
  const tree = await repository.git('merge-tree', '--write-tree', 'main', head).catch(() => undefined)
  if (tree === undefined) return
  const who = ['-c', 'user.name=Rewriter', '-c', 'user.email=rewriter@example.com']
  const commit = await repository.git(...who, 'commit-tree', tree, '-p', 'main', '-m', 'All in one')
  await repository.git('update-ref', `refs/heads/${head}`, commit)
}

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never
const DELETED_WHILE_MERGED: Step[] = [
  { do: 'set', tenant: 'shop', name: 'z', author: ANN, value: '1' },
  { do: 'pass', ms: 700_000 },
  { do: 'remove', tenant: 'shop', name: 'z' },
  { do: 'remove', tenant: 'shop', name: 'x' },
  { do: 'merge', head: 'review/ann', how: 'merge' },
]

/** From now on the host refuses pushes to a branch, and to no other. */
async function refuse({ repository: { dir } }: World, branch: string): Promise<void> {
  const hook = `#!/bin/sh\n[ "$1" != "refs/heads/${branch}" ] || { echo protected >&2; exit 1; }\n`
  await mkdir(join(dir, 'hooks'), { recursive: true })
  await writeFile(join(dir, 'hooks/update'), hook, { mode: 0o755 })
}

test('whatever is edited, merged, closed and lost: each thing that the base lacks is proposed once, and merged it lacks nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const create = (options: WorldOptions): Promise<World> => createWorld(remote, `p${count++}`, options)
      const { world, forge: host } = await reviewedWorld(create, TEMPLATE)
      const review = { ...REVIEW, authorBranches: TEMPLATE }
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
        if (each.do === 'set') target?.set(each.name, each.value, each.author)
        else if (each.do === 'remove') target?.remove(each.name)
        else if (each.do === 'pass') await world.pass(each.ms)
        else if (each.do === 'merge') {
          await world.idle()
          await host.merge(each.how, each.head)
          base = new Set([...base, ...(await tips())])
        } else if (each.do === 'close') {
          await world.idle()
          host.close(each.head)
          if (each.removes) await world.repository.git('update-ref', '-d', `refs/heads/${each.head}`)
        } else if (each.do === 'rewrite') {
          await world.idle()
          await squashOnBase(world, each.head)
        } else if (each.do === 'protect') await refuse(world, each.head)
        else if (each.do === 'robot') for (const one of world.tenants.values()) one.change({ author: ROBOT })
        else if (each.do === 'request') target?.member.save(`r${serial++}`, { compare: true })
        else if (each.do === 'restart') world.restart()
        else if (each.do === 'lose') host.loseAnswers(each.times)
        else if (each.do === 'fail') {
          let pushes = 0
          const own = `/${world.repository.name}`
          remote.faults.status(503, {
            when: ({ path }) => path.includes(own) && path.endsWith('/git-receive-pack') && pushes++ === each.after,
          })
        } else {
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
      remote.faults.clear()
      await refuse(world, '')
      const settle = async (): Promise<void> => {
        for (let i = 0; i < 3; i++) await world.pass(INTERVAL + 10_000)
        await world.idle()
      }
      await settle()
      const members = [...world.tenants.values()].map(({ member }) => member)
      expect(members.map(({ status: { failure, pending } }) => [failure?.message, pending])).toEqual(
        members.map(() => [undefined, 0]),
      )
      const isRefused = members.some(({ standing }) => standing.pullRequests.some((request) => request.isRefused))
      if (!steps.some((each) => each.do === 'close')) expect(isRefused).toBe(false)
      const open = new Set(host.requests.filter(({ state }) => state === 'Open').map((request) => request.head))
      const lacks = await lacking(world)
      const all: string[] = []
      for (const branch of HEADS) {
        const changes = await proposed(world, branch)
        // An open request proposes something, and just what the cluster has.
        for (const [path, content] of changes) expect([path, content]).toEqual([path, lacks.get(path)])
        all.push(...changes.keys())
      }
      expect(all.sort()).toEqual([...new Set(all)])
      if (!isRefused) expect(all).toEqual([...lacks.keys()].sort())
      if (lacks.size === 0) expect(isRefused).toBe(false)
      // What people have put beside the objects stays wherever they did.
      expect(await world.repository.git('log', '--all', '--grep=theirs', '--format=%s')).toBe('')
      for (let merges = 0; open.size > 0 && merges < HEADS.length; merges++) {
        for (const branch of open) if (await host.merge('merge', branch)) await settle()
      }
      if (!isRefused) expect([...(await lacking(world)).keys()]).toEqual([])
      await world.repository.fsck()
      await world.writer.stop(false)
    }),
    { numRuns: 12, examples: [[DELETED_WHILE_MERGED]] },
  )
}, 300_000)
