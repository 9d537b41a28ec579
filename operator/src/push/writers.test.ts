import { openRepository } from '@gitsync/protocol'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { Inventory } from '../plan/inventory.ts'
import { systemClock } from '../time/clock.ts'
import { Member } from './member.ts'
import { SpoolBudget } from './spool.ts'
import { QUIET_CLUSTER } from './testing/quiet-cluster.ts'
import { BOT, content, pathOf, rendered } from './testing/world.ts'
import { Writers } from './writers.ts'
import type { WritersOptions } from './writers.ts'

let remote: Remote
let count = 0

beforeAll(async () => {
  remote = await startRemote()
})
afterAll(() => remote.stop())

async function begin(options: Partial<WritersOptions> = {}) {
  const repository = await remote.createRepository(`w${count++}`)
  const writers = new Writers({ clock: systemClock, random: () => 0.5, ...options })
  const member = (name: string, value: string): Member => {
    const member = new Member({
      name,
      settings: {
        path: name,
        claim: { cluster: 'c', gitsync: name },
        prune: 'Owned',
        author: BOT,
        committer: BOT,
        window: { silence: 60_000, maxLatency: 60_000 },
        interval: 600_000,
      },
      port: QUIET_CLUSTER,
      inventory: new Inventory(),
      budget: new SpoolBudget(),
      clock: systemClock,
      onWork: () => writers.kick(name),
      onReport: () => undefined,
    })
    const { file, bytes } = rendered('x', value)
    member.objects.set(file, bytes, {})
    return member
  }
  const attach = (branch: string, member: Member): void =>
    writers.attach(branch, branch, member, { key: 'same', repository: openRepository(repository.url) })
  return { repository, writers, member, attach }
}

/** Git processes take their time on a busy machine. */
const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 15_000 })

const read = async (repository: TestRepository, branch: string, folder: string): Promise<string> =>
  (await repository.readFile(branch, `${folder}/${pathOf('x')}`)).toString()

test('each branch is written by its own writer', async () => {
  const { repository, writers, member, attach } = await begin({ concurrency: 1 })
  attach('main', member('a', '1'))
  attach('main', member('b', '2'))
  attach('other', member('c', '3'))
  await eventually(async () => {
    expect(await read(repository, 'main', 'a')).toBe(content('x', '1'))
    expect(await read(repository, 'main', 'b')).toBe(content('x', '2'))
    expect(await read(repository, 'other', 'c')).toBe(content('x', '3'))
  })
  await writers.stop(false)
})

test('stop pushes what its window still holds, if asked to', async () => {
  for (const flush of [true, false]) {
    const { repository, writers, member, attach } = await begin()
    const one = member('a', '1')
    attach('main', one)
    await eventually(() => expect(one.status.healthy).toBe(true))
    const { file, bytes } = rendered('x', '2')
    one.objects.set(file, bytes, {})
    await writers.stop(flush)
    expect(await read(repository, 'main', 'a')).toBe(content('x', flush ? '2' : '1'))
  }
})

test('one that is taken off while it pushes does not push again', async () => {
  const { repository, writers, member, attach } = await begin()
  const [gone, stays] = [member('a', '1'), member('b', '1')]
  attach('main', stays)
  await eventually(() => expect(stays.status.healthy).toBe(true))
  // The race is lost while it is taken off.
  remote.faults.beforeReceivePack(async () => {
    writers.detach('a')
    await repository.commitFiles({ elsewhere: 'x' })
  })
  attach('main', gone)
  const { file, bytes } = rendered('x', '2')
  stays.objects.set(file, bytes, {})
  await eventually(async () => expect(await repository.resolve('main:elsewhere')).not.toBeNull())
  await writers.stop(true)
  expect(await read(repository, 'main', 'b')).toBe(content('x', '2'))
  expect(await repository.resolve('main:a')).toBeNull()
})

test('one that moves to another branch is written there', async () => {
  const { repository, writers, member, attach } = await begin()
  attach('main', member('a', '1'))
  await eventually(async () => expect(await read(repository, 'main', 'a')).toBe(content('x', '1')))
  attach('other', member('a', '2'))
  await eventually(async () => expect(await read(repository, 'other', 'a')).toBe(content('x', '2')))
  expect(await read(repository, 'main', 'a')).toBe(content('x', '1'))
  await writers.stop(false)
})
