import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GerritHost } from './harness/gerrit-host.ts'
import { conditionOf, syncRef } from './harness/gitsync.ts'
import { describeHost, proposeThroughKills, reviewed } from './harness/reviews.ts'
import type { Reviewed } from './harness/reviews.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGerritWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GerritHost>
beforeAll(async () => {
  world = await startGerritWorld('embedded')
  await describeHost(world, 'Gerrit')
}, 240_000)
afterAll(() => world?.stop())

interface Change {
  readonly _number: number
  readonly change_id: string
  readonly subject: string
  readonly status: string
  readonly topic?: string
  readonly hashtags: readonly string[]
  readonly work_in_progress?: boolean
  readonly current_revision_number: number
}

interface Proposed extends Reviewed {
  readonly tenant: Tenant
  /** Every change of the project, newest first. */
  changes(): Promise<readonly Change[]>
  submit(number: number): Promise<void>
  abandon(number: number): Promise<void>
  /** Ref of the newest patch set. */
  patchSet(number: number): Promise<string>
  /** A file of the newest patch set. */
  proposes(number: number): Promise<string>
}

const pushed = (pullRequest: object = {}) => ({
  mode: 'PullRequest',
  pullRequest: { via: 'PushOptions', ...pullRequest },
})

let count = 0
async function propose(push: object = pushed()): Promise<Proposed> {
  const name = `gerrit-${count++}`
  const tenant = await world.tenant(name)
  const { gerrit } = world.host
  const own = await reviewed(world, name)
  const patchSet = async (number: number): Promise<string> => {
    const { current_revision_number: set } = (await gerrit.api('GET', `/changes/${number}`)) as Change
    return `refs/changes/${String(number % 100).padStart(2, '0')}/${number}/${set}`
  }
  const { name: committer, email } = gerrit.bot
  await tenant.sync({ spec: { push, commit: { committer: { name: committer, email } } } })
  return {
    ...own,
    tenant,
    patchSet,
    changes: async () => (await gerrit.api('GET', `/changes/?q=project:${name}`)) as Change[],
    async submit(number) {
      await gerrit.api('POST', `/changes/${number}/revisions/current/review`, { labels: { 'Code-Review': 2 } })
      await gerrit.api('POST', `/changes/${number}/submit`, {})
    },
    async abandon(number) {
      await gerrit.api('POST', `/changes/${number}/abandon`, {})
    },
    proposes: async (number) => tenant.repository.git('show', `${await patchSet(number)}:${own.file()}`),
  }
}

test('a push makes one change, and patch sets of it; submitted it is over, and the next edit makes another', async () => {
  const it = await propose(pushed({ labels: ['audit'] }))
  const { namespace, repository } = it.tenant
  const opened = await it.request('Open')
  await it.tenant.ready()
  const [change, ...others] = await it.changes()
  expect(others).toEqual([])
  expect(change).toMatchObject({
    _number: opened.number,
    subject: `Create ConfigMap ${namespace}/web`,
    status: 'NEW',
    topic: `gitsync/${namespace}/sync`,
    hashtags: ['audit'],
    current_revision_number: 1,
  })
  expect(opened.url).toContain(`/+/${opened.number}`)

  await it.set('web', '2')
  await waitFor('there is another patch set', async () => (await it.proposes(opened.number)).includes('level: "2"'))
  await it.tenant.ready()
  const [updated, ...more] = await it.changes()
  expect(more).toEqual([])
  expect(updated).toMatchObject({ change_id: change?.change_id, current_revision_number: 2 })
  const head = await it.patchSet(opened.number)
  expect(await repository.git('rev-list', '--count', `main..${head}`)).toBe('1')
  expect(await repository.git('diff', '--name-only', 'main', head)).toBe(`${namespace}/sync/.gitsync\n${it.file()}`)
  expect(await repository.git('log', '-1', '--format=%B', head)).toMatch(/^Co-authored-by: alice <.*>$/m)

  // Nothing is pushed while nothing changes, also after a restart.
  await world.operator.kill()
  world.operator = await world.startOperator()
  const asked = await it.tenant.request()
  await waitFor('the base was looked at', async () => {
    return (await world.api.get(syncRef(namespace)))['status'].lastHandledRequest === asked
  })
  await it.tenant.ready()
  expect(await it.patchSet(opened.number)).toBe(head)

  await it.submit(opened.number)
  await it.tenant.request()
  await it.request('Merged', opened.number)
  expect(await repository.git('show', `main:${it.file()}`)).toContain('level: "2"')
  await it.set('web', '3')
  const next = await it.request('Open')
  expect(next.number).toBeGreaterThan(opened.number)
  expect(await repository.git('diff', '--name-only', 'main', await it.patchSet(next.number))).toBe(it.file())
  expect(await it.changes()).toHaveLength(2)
})

test('what a person abandons stays so until something changes, also over a restart; or until somebody asks', async () => {
  const it = await propose()
  const { number } = await it.request('Open')
  await it.tenant.ready()
  await it.abandon(number)
  await world.operator.stop()
  world.operator = await world.startOperator()
  const { message } = await it.tenant.reason('PullRequestClosed', undefined, { timeout: 60_000 })
  expect(message).toContain(`request ${number}`)
  expect(conditionOf(await world.api.get(syncRef(it.tenant.namespace)), 'Stalled')).toMatchObject({ status: 'True' })
  expect(await it.changes()).toHaveLength(1)
  await it.set('web', '2')
  const next = await it.request('Open')
  expect(next.number).toBeGreaterThan(number)
  await it.tenant.ready()
  await it.abandon(next.number)
  await it.tenant.request()
  await waitFor('there is another change', async () => (await it.changes()).length > 2)
  const { _number: newest = 0 } = (await it.changes())[0] ?? {}
  expect(newest).toBeGreaterThan(next.number)
  await it.request('Open', newest)
})

test('what is taken back in the cluster leaves a change that is put aside; the next edit goes on in it', async () => {
  const it = await propose()
  const first = await it.request('Open')
  await it.tenant.ready()
  await it.submit(first.number)
  await it.tenant.request()
  await it.request('Merged', first.number)
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.tenant.ready()
  await it.set('web', '1')
  await it.request('Closed', number)
  const change = async () => (await it.changes()).find(({ _number }) => _number === number)
  expect(await change()).toMatchObject({ status: 'NEW', work_in_progress: true, subject: 'Nothing to review' })
  expect(await it.tenant.repository.git('diff', '--name-only', 'main', await it.patchSet(number))).toBe('')
  await it.tenant.ready()
  await it.set('web', '3')
  await it.request('Open', number)
  expect(await it.proposes(number)).toContain('level: "3"')
  expect((await change())?.work_in_progress).toBeUndefined()
})

test('an operator that is killed at any moment, and a GitSync that is made anew, leave one change behind', async () => {
  const it = await propose()
  await proposeThroughKills(world, it, async () => {
    const [change] = await it.changes()
    return change && (await it.proposes(change._number))
  })
  await it.tenant.ready()
  expect(await it.changes()).toHaveLength(1)
  // With its GitSync all goes that it knew of the change.
  const ref = syncRef(it.tenant.namespace)
  const { spec } = await world.api.get(ref)
  await world.api.delete(ref)
  await waitFor('the GitSync is gone', async () => (await world.api.get(ref).catch(() => undefined)) === undefined)
  await it.tenant.sync({ spec })
  await it.request('Open', (await it.changes())[0]?._number)
  await it.tenant.ready()
  expect(await it.changes()).toHaveLength(1)
})

test('a committer that the account may not be is told with the words of Gerrit', async () => {
  const it = await propose()
  const { namespace } = it.tenant
  await it.request('Open')
  await world.api.patch(syncRef(namespace), {
    spec: { commit: { committer: { name: 'Nobody', email: 'nobody@example.com' } } },
  })
  await it.set('web', '2')
  const { message } = await it.tenant.reason('PushRejected')
  expect(message).toContain('nobody@example.com is not registered')
})

test('by the API nothing can be asked of it, and the condition says what to set', async () => {
  const it = await propose(pushed({ via: 'API' }))
  const { message } = await it.tenant.reason('PullRequestRefused')
  expect(message).toContain('set push.pullRequest.via to PushOptions')
})
