import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote } from '../../../test/kit/remote/index.ts'
import { contentId } from './member.ts'
import { ANN, BEN, content, createWorld, INTERVAL, pathOf, rendered, wanted } from './testing/world.ts'
import type { World } from './testing/world.ts'

let remote: Remote
let count = 0

beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.stop())

const TENANTS = ['a', 'b/c'] as const
const tenant = fc.constantFrom(...TENANTS)
const name = fc.constantFrom('x', 'y', 'z')
const author = fc.constantFrom(ANN, BEN, undefined)

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('set' as const), tenant, name, author }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), tenant, name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('vanish' as const), tenant, name }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 1_000, 5_000, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const), tenant, compare: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('foreign' as const),
      path: fc.constantFrom('elsewhere', 'b/d', 'a/theirs', `a/${pathOf('x')}`, 'b/c/.gitsync'),
      when: fc.constantFrom('now', 'racing'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      kind: fc.constantFrom('lose-answer', 'status', 'cut', 'html', 'empty'),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
)

test('whatever is edited and whatever fails, Git is at last as the cluster, each edit signed by who made it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      remote.reset()
      const world = await createWorld(remote, `p${count++}`)
      /** Who made a state: by path and content. */
      const made = new Map<string, string | undefined>()
      const foreign = new Map<string, string>()
      let serial = 0
      let intruded = false
      for (const name of TENANTS) world.tenant(name, { objects: { x: 'first' } })

      const push = async (path: string): Promise<void> => {
        foreign.set(path, `foreign ${serial++}`)
        intruded ||= path.startsWith('a/') || path.startsWith('b/c/')
        const files = { [path]: foreign.get(path) ?? '' }
        // A push of ours may come in between: then they push again, as people do.
        for (let left = 5; left > 0; left--) {
          try {
            await world.repository.commitFiles(files)
            return
          } catch (error) {
            if (left === 1) throw error
          }
        }
      }
      const { faults } = remote
      for (const each of steps) {
        const target = world.tenants.get('tenant' in each ? each.tenant : '')
        if (each.do === 'set') {
          const value = String(serial++)
          made.set(
            `${each.tenant}/${pathOf(each.name)} ${contentId(Buffer.from(content(each.name, value)))}`,
            each.author?.name,
          )
          target?.set(each.name, value, each.author)
        } else if (each.do === 'remove') target?.remove(each.name)
        // Gone without having been seen to go, as in a gap of the watch.
        else if (each.do === 'vanish') {
          target?.objects.delete(each.name)
          target?.member.objects.dropped(rendered(each.name, '').file.key)
        } else if (each.do === 'pass') await world.pass(each.ms)
        else if (each.do === 'restart') world.restart()
        else if (each.do === 'save') target?.member.save(String(serial++), { compare: each.compare })
        else if (each.do === 'foreign') {
          if (each.when === 'now') await push(each.path)
          else faults.beforeReceivePack(() => push(each.path))
        } else if (each.kind === 'lose-answer') faults.loseAnswer()
        else if (each.kind === 'status') faults.status(503, { times: each.times })
        else if (each.kind === 'cut') faults.cut(each.times * 7, { times: each.times })
        else if (each.kind === 'html') faults.html({ times: each.times })
        else faults.empty({ times: each.times })
      }
      faults.clear()
      await world.pass(INTERVAL + 120_000)
      await world.idle()

      await check(world, foreign)
      await checkAuthors(world, made, intruded)
      await world.writer.stop(false)
      await world.idle()
    }),
    { numRuns: 30, interruptAfterTimeLimit: 60_000 },
  )
}, 180_000)

async function check(world: World, foreign: ReadonlyMap<string, string>): Promise<void> {
  const { repository } = world
  await repository.fsck()
  const files = await world.folder('.')
  for (const [path, text] of foreign) {
    // What others have written stays, but at our own paths.
    if (!path.startsWith('a/shop/') && !path.endsWith('.gitsync')) expect(files[path]).toBe(text)
  }
  for (const [name, tenant] of world.tenants) {
    const { status } = tenant.member
    if (foreign.has(`${name}/.gitsync`) && status.failure !== undefined) {
      expect(status.failure.reason).toBe('FolderClaimed')
      continue
    }
    expect(status).toMatchObject({ healthy: true, pending: 0 })
    const expected = Object.fromEntries(Object.entries(wanted(tenant)).map(([path, text]) => [`${name}/${path}`, text]))
    const found = Object.entries(files).filter(([path, text]) => {
      // What others have made of a file that no object wants any more is theirs.
      const isTheirs = expected[path] === undefined && foreign.get(path) === text
      return path.startsWith(`${name}/shop/`) && !isTheirs
    })
    expect(Object.fromEntries(found)).toEqual(expected)
  }
  const log = await world.log()
  for (const [index, { tree, parents }] of log.entries()) {
    expect(parents.length).toBe(index === log.length - 1 ? 0 : 1)
    expect(tree).not.toBe(log[index + 1]?.tree)
  }
}

/** Commits of persons hold their own states and no others, and each state once. */
async function checkAuthors(
  world: World,
  made: ReadonlyMap<string, string | undefined>,
  intruded: boolean,
): Promise<void> {
  if ((await world.repository.resolve('main')) === null) return
  const printed = await world.repository.git(
    'log',
    '--root',
    '--format=%x01%an',
    '--raw',
    '--no-abbrev',
    '--no-renames',
    '-r',
    'main',
  )
  const seen = new Set<string>()
  for (const entry of printed.split('\x01').slice(1)) {
    const [who = '', ...lines] = entry.split('\n').filter((line) => line !== '')
    if (who !== ANN.name && who !== BEN.name) continue
    for (const line of lines) {
      const [, , , oid = '', , path = ''] = line.split(/[\s]+/)
      if (path.endsWith('.gitsync')) continue
      const state = `${path} ${oid}`
      expect([state, made.get(state)]).toEqual([state, who])
      if (!intruded) expect(seen).not.toContain(state)
      seen.add(state)
    }
  }
}
