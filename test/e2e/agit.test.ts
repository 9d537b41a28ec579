import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaHost } from './harness/git-host.ts'
import { configMap, syncRef } from './harness/gitsync.ts'
import { describeHost, giteaPulls, proposeThroughKills, reviewed } from './harness/reviews.ts'
import type { GiteaPulls, Reviewed } from './harness/reviews.ts'
import { startLossyProxy } from '../kit/forge/lossy-proxy.ts'
import { credentialSecret } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GiteaHost>
beforeAll(async () => {
  world = await startGiteaWorld('embedded')
  await describeHost(world, 'Gitea')
})
afterAll(() => world?.stop())

interface Proposed extends Reviewed {
  readonly tenant: Tenant
  pulls: GiteaPulls['list']
  merge: GiteaPulls['merge']
  /** A file of the commit that a request is. */
  proposes(number: number, path?: string): Promise<string>
  /** Waits until the base was looked at. */
  looked(): Promise<void>
}

const pushed = (more: object = {}) => ({ mode: 'PullRequest', ...more, pullRequest: { via: 'PushOptions' } })

let count = 0
/** A tenant whose base has a file of others. */
async function propose(push: object = pushed()): Promise<Proposed> {
  const name = `agit-${count++}`
  const tenant = await world.tenant(name)
  const pulls = await giteaPulls(world.host, name)
  const own = await reviewed(world, name)
  await tenant.sync({ spec: { push } })
  return {
    ...own,
    tenant,
    pulls: () => pulls.list(),
    merge: (number, how) => pulls.merge(number, how),
    proposes: (number, file = own.file()) => tenant.repository.git('show', `refs/pull/${number}/head:${file}`),
    async looked() {
      const asked = await tenant.request()
      await waitFor('the base was looked at', async () => {
        const { status } = await world.api.get(syncRef(name))
        return status.lastHandledRequest === asked
      })
    },
  }
}

test('a push opens one request and brings it up to date; merged by a person it is over, and the next edit opens another', async () => {
  const it = await propose()
  const { namespace, repository } = it.tenant
  const opened = await it.request('Open')
  await it.tenant.ready()
  const [pull, ...others] = await it.pulls()
  expect(others).toEqual([])
  expect(pull).toMatchObject({ number: opened.number, title: `Create ConfigMap ${namespace}/web`, state: 'open' })
  expect(pull?.body).toContain(`- Create \`ConfigMap ${namespace}/web\``)
  expect(opened.url).toContain(`/pulls/${opened.number}`)
  // No branch but the base.
  expect(await repository.git('branch', '--format=%(refname:short)')).toBe('main')

  await world.api.create(configMap(namespace, 'db', { level: '1' }))
  await it.set('web', '2')
  await waitFor('the request holds both', async () => {
    await it.proposes(opened.number, it.file('db'))
    return (await it.proposes(opened.number)).includes('level: "2"')
  })
  expect(await it.pulls()).toHaveLength(1)
  const head = `refs/pull/${opened.number}/head`
  // One commit on the base, with the folder's files alone, and who made them.
  expect(await repository.git('rev-list', '--count', `main..${head}`)).toBe('1')
  expect((await repository.git('diff', '--name-only', 'main', head)).split('\n').sort()).toEqual([
    `${namespace}/sync/.gitsync`,
    it.file('db'),
    it.file(),
  ])
  const message = await repository.git('log', '-1', '--format=%B', head)
  expect(message).toMatch(new RegExp(`^Create 2 objects in ${namespace}\n`))
  expect(message).toMatch(/^Co-authored-by: alice <.*>$/m)
  await it.tenant.ready()

  // Nothing is pushed while nothing changes, also after a restart.
  const before = await repository.git('rev-parse', head)
  await world.operator.kill()
  world.operator = await world.startOperator()
  await it.looked()
  await it.tenant.ready()
  expect(await repository.git('rev-parse', head)).toBe(before)

  await it.merge(opened.number, 'squash')
  await it.tenant.request()
  await it.request('Merged', opened.number)
  expect(await repository.git('show', `main:${it.file()}`)).toContain('level: "2"')
  await it.tenant.ready()
  expect(await it.pulls()).toHaveLength(1)

  await it.set('web', '3')
  const next = await it.request('Open')
  expect(next.number).toBeGreaterThan(opened.number)
  expect(await repository.git('diff', '--name-only', 'main', `refs/pull/${next.number}/head`)).toBe(it.file())
  await it.merge(next.number)
  await it.tenant.request()
  await it.request('Merged', next.number)
  await repository.git('fsck', '--full', '--strict')
})

test('the base moves, elsewhere and in the folder: the request is made anew on it only where that matters', async () => {
  const it = await propose()
  const { gitea } = world.host
  const { namespace, repository } = it.tenant
  const { number } = await it.request('Open')
  await it.tenant.ready()
  const head = `refs/pull/${number}/head`
  const edit = (file: string) =>
    gitea.api('POST', `/repos/${gitea.user}/${namespace}/contents/${file}`, {
      content: Buffer.from('by hand\n').toString('base64'),
      branch: 'main',
    })
  const before = await repository.git('rev-parse', head)
  await edit('elsewhere.md')
  await it.looked()
  expect(await repository.git('rev-parse', head)).toBe(before)
  await edit(`${namespace}/sync/notes.md`)
  await it.tenant.request()
  await waitFor('the request is on the base', async () => {
    await repository.git('merge-base', '--is-ancestor', 'main', head)
    return true
  })
  expect(await repository.git('rev-list', '--count', `main..${head}`)).toBe('1')
  expect(await it.proposes(number, `${namespace}/sync/notes.md`)).toBe('by hand')
  expect(await it.proposes(number)).toContain('level: "1"')
  expect(await it.pulls()).toHaveLength(1)
})

test('what is taken back in the cluster leaves a request that says so; the next change goes on in it', async () => {
  const it = await propose({ mode: 'Commit' })
  await it.tenant.ready()
  await world.api.patch(syncRef(it.tenant.namespace), { spec: { push: pushed() } })
  await it.tenant.ready()
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.tenant.ready()
  await it.set('web', '1')
  await it.request('Closed', number)
  const { git } = it.tenant.repository
  const head = `refs/pull/${number}/head`
  expect(await git('diff', '--name-only', 'main', head)).toBe('')
  expect(await git('log', '-1', '--format=%s', head)).toBe('Nothing to review')
  await it.tenant.ready()
  await it.looked()
  await it.set('web', '3')
  await it.request('Open', number)
  expect(await it.proposes(number)).toContain('level: "3"')
  expect(await it.pulls()).toHaveLength(1)
})

test('an operator that is killed at any moment leaves one request behind', async () => {
  const it = await propose()
  await proposeThroughKills(world, it, async () => {
    const [pull] = await it.pulls()
    return pull && (await it.proposes(pull.number))
  })
  await it.tenant.ready()
  const pulls = await it.pulls()
  expect(pulls).toHaveLength(1)
  await it.request('Open', pulls[0]?.number)
})

test('an answer to the push that opens it that is lost leaves one request behind', async () => {
  const { gitea, credentials } = world.host
  const proxy = await startLossyProxy(gitea.url)
  try {
    await world.api.create({
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'GitProvider',
      metadata: { name: 'proxy' },
      spec: { hosts: [proxy.host], type: 'Gitea' },
    })
    const it = await propose({ mode: 'Commit' })
    const { namespace } = it.tenant
    await it.tenant.ready()
    await world.api.create(credentialSecret(namespace, proxy.host, credentials, 'proxied'))
    const url = `${proxy.url}/${gitea.user}/${namespace}.git`
    await world.api.patch(syncRef(namespace), {
      spec: { repository: { url, secretRef: { name: 'proxied' } }, push: pushed() },
    })
    await it.tenant.ready()
    proxy.loseAnswer(({ method, url }) => method === 'POST' && url?.endsWith('/git-receive-pack') === true)
    await it.set('web', '2')
    const { number } = await it.request('Open')
    await it.tenant.ready()
    expect(proxy.lost).toBe(1)
    expect(await it.pulls()).toHaveLength(1)
    expect(await it.proposes(number)).toContain('level: "2"')
  } finally {
    await proxy.stop()
  }
})

test('two GitSyncs with one head share its request', async () => {
  const push = pushed({ branch: 'gitsync/{namespace}' })
  const it = await propose(push)
  const { number } = await it.request('Open')
  const { namespace, repository } = it.tenant
  await it.tenant.sync({ name: 'other', spec: { push } })
  await it.tenant.ready('other')
  await waitFor('the request holds both folders', async () => {
    await it.proposes(number)
    return (await it.proposes(number, it.file('web', 'other'))).includes('level: "1"')
  })
  expect(await it.pulls()).toHaveLength(1)
  expect(await repository.git('rev-list', '--count', `main..refs/pull/${number}/head`)).toBe('1')
  await it.set('web', '2')
  await waitFor('both folders have the edit', async () => {
    const both = [await it.proposes(number), await it.proposes(number, it.file('web', 'other'))]
    return both.every((content) => content.includes('level: "2"'))
  })
  await it.merge(number)
  await it.tenant.request()
  await it.request('Merged', number)
  expect(await repository.git('ls-tree', '-r', '--name-only', 'main', namespace)).toContain('/other/')
})

test('labels, which a push cannot set, are refused by their name', async () => {
  const it = await propose({ mode: 'PullRequest', pullRequest: { via: 'PushOptions', labels: ['audit'] } })
  const { message } = await it.tenant.reason('PullRequestRefused')
  expect(message).toContain('push.pullRequest.labels audit')
  expect(await it.pulls()).toEqual([])
})
