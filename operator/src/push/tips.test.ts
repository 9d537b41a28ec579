import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRepository } from '@gitsync/protocol'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { isGitError } from '@gitsync/protocol'
import type { Connection } from './connection.ts'
import { ScriptedClock } from './testing/scripted-clock.ts'
import { Tips } from './tips.ts'

let remote: Remote
let repository: TestRepository
let connection: Connection
const branches = Array.from({ length: 40 }, (_, index) => `tenants/t${index}`)

beforeAll(async () => {
  remote = await startRemote()
  repository = await remote.createRepository('tips')
  for (const branch of branches) await repository.commitFiles({ a: branch }, { branch })
  await repository.commitFiles({ a: 'other' }, { branch: 'tenants/t1-not-asked-for' })
  connection = { key: 'k', repository: openRepository(repository.url, { retry: false }) }
})
afterAll(() => remote.stop())

function listening() {
  const clock = new ScriptedClock()
  const tips = new Tips(clock)
  const seen = new Map<string, string | null>()
  const ends = [...branches, 'missing'].map((branch) =>
    tips.listen(connection, { branch, seen: (tip) => seen.set(branch, tip) }),
  )
  return { clock, tips, seen, ends }
}
const requestsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = remote.requests.length
  await work()
  return remote.requests.length - before
}

test('one request tells everybody who listens where their branch is', async () => {
  const { tips, seen } = listening()
  let tip: string | null = null
  expect(
    await requestsOf(async () => {
      tip = await tips.look(connection, 'tenants/t7', 0)
    }),
  ).toBe(1)
  expect(tip).toBe(await repository.resolve('tenants/t7'))
  for (const branch of branches.filter((name) => name !== 'tenants/t7'))
    expect(seen.get(branch)).toBe(await repository.resolve(branch))
  expect(seen.get('missing')).toBeNull()
  expect([...seen.keys()]).not.toContain('tenants/t7')
})

test('who looks while another does, or is due for the same look, asks nothing', async () => {
  const { clock, tips } = listening()
  const due = clock.now()
  expect(await requestsOf(() => Promise.all(branches.map((branch) => tips.look(connection, branch, due))))).toBe(1)
  expect(await requestsOf(() => tips.look(connection, 'tenants/t3', due))).toBe(0)
  expect(await requestsOf(() => tips.look(connection, 'tenants/t3', due + 1))).toBe(1)
  expect(await requestsOf(() => tips.look(connection, 'tenants/t3', Number.POSITIVE_INFINITY))).toBe(1)
})

test('a look that failed is no answer, and the next one asks again', async () => {
  const { clock, tips } = listening()
  const fault = remote.faults.status(503, { times: 1 })
  await expect(tips.look(connection, 'tenants/t1', clock.now())).rejects.toSatisfy((error) =>
    isGitError(error, 'ServerError'),
  )
  fault.remove()
  expect(await tips.look(connection, 'tenants/t1', clock.now())).toBe(await repository.resolve('tenants/t1'))
})

test('who has ended hears nothing, and is not asked for', async () => {
  const { clock, tips, seen, ends } = listening()
  for (const end of ends) end()
  await tips.look(connection, 'tenants/t1', clock.now())
  expect(seen.size).toBe(0)
})

test('a server that shows too many refs is asked for the one branch', async () => {
  const { clock, tips, seen } = listening()
  const limited: Connection = { key: 'k', repository: openRepository(repository.url, { limits: { maxRefs: 10 } }) }
  expect(await tips.look(limited, 'tenants/t5', clock.now())).toBe(await repository.resolve('tenants/t5'))
  expect(seen.size).toBe(0)
})
