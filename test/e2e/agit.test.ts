import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GiteaHost } from './harness/git-host.ts'
import { configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { startLossyProxy } from '../kit/forge/lossy-proxy.ts'
import { credentialSecret } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GiteaHost>
beforeAll(async () => {
  world = await startGiteaWorld('embedded')
  await world.api.create({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name: 'gitea' },
    spec: { hosts: [world.host.host], type: 'Gitea' },
  })
})
afterAll(() => world?.stop())

interface Pull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: string
  readonly merged: boolean
  readonly head: { readonly sha: string }
}

interface Proposed {
  readonly tenant: Tenant
  /** Every request of the repository, newest first. */
  pulls(): Promise<readonly Pull[]>
  /** What the status says of the request, when that is so. */
  request(state: string, number?: number): Promise<{ readonly number: number; readonly url: string }>
  merge(number: number, how?: 'merge' | 'squash' | 'rebase'): Promise<void>
  /** A file of the commit that a request is. */
  proposes(number: number, path?: string): Promise<string>
  set(name: string, value: string): Promise<void>
  /** Waits until the base was looked at. */
  looked(): Promise<void>
}

const reviewed = (more: object = {}) => ({
  mode: 'PullRequest',
  ...more,
  pullRequest: { via: 'PushOptions' },
})

let count = 0
/** A tenant whose base has a file of others. */
async function propose(push: object = reviewed()): Promise<Proposed> {
  const name = `agit-${count++}`
  const tenant = await world.tenant(name)
  const { gitea } = world.host
  const path = `/repos/${gitea.user}/${name}`
  await world.api.create(configMap(name, 'web', { level: '1' }))
  await gitea.api('POST', `${path}/contents/README.md`, {
    content: Buffer.from('hello\n').toString('base64'),
    branch: 'main',
  })
  const status = async () => (await world.api.get(syncRef(name)))['status']
  const it: Proposed = {
    tenant,
    pulls: async () => (await gitea.api('GET', `${path}/pulls?state=all`)) as Pull[],
    request: (state, number) =>
      waitFor(`the status says ${state}`, async () => {
        const { pullRequest } = await status()
        if (pullRequest?.state === state && (number === undefined || pullRequest.number === number)) return pullRequest
        throw new Error(JSON.stringify(await status()))
      }),
    async merge(number, how = 'merge') {
      await waitFor(`request ${number} can be merged`, async () => {
        await gitea.api('POST', `${path}/pulls/${number}/merge`, { Do: how })
        return true
      })
    },
    proposes: (number, file = FILE(it)) => tenant.repository.git('show', `refs/pull/${number}/head:${file}`),
    async set(object, value) {
      await world.api.patch(configMapRef(name, object), { data: { level: value } }, { manager: 'alice' })
    },
    async looked() {
      const asked = await tenant.request()
      await waitFor('the base was looked at', async () => (await status()).lastHandledRequest === asked)
    },
  }
  await tenant.sync({ spec: { push } })
  return it
}

const FILE = (it: Proposed, object = 'web', sync = 'sync'): string =>
  `${it.tenant.namespace}/${sync}/${it.tenant.namespace}/configmap/${object}.yaml`

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
    await it.proposes(opened.number, FILE(it, 'db'))
    return (await it.proposes(opened.number)).includes('level: "2"')
  })
  expect(await it.pulls()).toHaveLength(1)
  const head = `refs/pull/${opened.number}/head`
  // One commit on the base, with the folder's files alone, and who made them.
  expect(await repository.git('rev-list', '--count', `main..${head}`)).toBe('1')
  expect((await repository.git('diff', '--name-only', 'main', head)).split('\n').sort()).toEqual([
    `${namespace}/sync/.gitsync`,
    FILE(it, 'db'),
    FILE(it),
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
  expect(await repository.git('show', `main:${FILE(it)}`)).toContain('level: "2"')
  await it.tenant.ready()
  expect(await it.pulls()).toHaveLength(1)

  await it.set('web', '3')
  const next = await it.request('Open')
  expect(next.number).toBeGreaterThan(opened.number)
  expect(await repository.git('diff', '--name-only', 'main', `refs/pull/${next.number}/head`)).toBe(FILE(it))
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
  await world.api.patch(syncRef(it.tenant.namespace), { spec: { push: reviewed() } })
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
  for (let round = 2; round < 6; round++) {
    await it.set('web', String(round))
    // Later each time: before the push, while it is made, after it.
    if (round > 3) await waitFor('something has begun', async () => (await it.pulls()).length > 0)
    await world.operator.kill()
    world.operator = await world.startOperator()
    await waitFor('the request has it', async () => {
      const [pull] = await it.pulls()
      return pull !== undefined && (await it.proposes(pull.number)).includes(`level: "${round}"`)
    })
  }
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
      spec: { repository: { url, secretRef: { name: 'proxied' } }, push: reviewed() },
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
  const push = reviewed({ branch: 'gitsync/{namespace}' })
  const it = await propose(push)
  const { number } = await it.request('Open')
  const { namespace, repository } = it.tenant
  await it.tenant.sync({ name: 'other', spec: { push } })
  await it.tenant.ready('other')
  await waitFor('the request holds both folders', async () => {
    await it.proposes(number)
    return (await it.proposes(number, FILE(it, 'web', 'other'))).includes('level: "1"')
  })
  expect(await it.pulls()).toHaveLength(1)
  expect(await repository.git('rev-list', '--count', `main..refs/pull/${number}/head`)).toBe('1')
  await it.set('web', '2')
  await waitFor('both folders have the edit', async () => {
    const both = [await it.proposes(number), await it.proposes(number, FILE(it, 'web', 'other'))]
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
