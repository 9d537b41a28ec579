import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KubeObject } from './harness/api.ts'
import type { GiteaHost } from './harness/git-host.ts'
import { conditionOf, configMap, syncRef } from './harness/gitsync.ts'
import type { Condition } from './harness/gitsync.ts'
import { startLossyProxy } from '../kit/forge/lossy-proxy.ts'
import { credentialSecret } from './harness/tenant.ts'
import { describeHost, giteaPulls, reviewed } from './harness/reviews.ts'
import type { GiteaPulls, Reviewed } from './harness/reviews.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startGiteaWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World<GiteaHost>
beforeAll(async () => {
  world = await startGiteaWorld('kube-apiserver')
  await describeHost(world, 'Gitea')
})
afterAll(() => world?.stop())

interface Review extends Reviewed {
  readonly tenant: Tenant
  readonly head: string
  pulls: GiteaPulls['list']
  merge: GiteaPulls['merge']
  close(number: number): Promise<void>
  /** A commit by somebody else. */
  edit(branch: string, path: string, content: string): Promise<void>
  show(branch: string, path: string): Promise<string>
  hasBranch(): Promise<boolean>
  removeBranch(): Promise<void>
  /** The page side learns of a push from a queue. */
  isListed(): Promise<boolean>
}

let count = 0
/** A tenant whose base has what the cluster has, so that every test begins with nothing to review. */
async function review(
  options: { readonly pullRequest?: object; readonly secret?: KubeObject; readonly mode?: 'Commit' } = {},
): Promise<Review> {
  const name = `review-${count++}`
  const tenant = await world.tenant(name)
  const path = `/repos/${world.host.gitea.user}/${name}`
  const { gitea } = world.host
  const pulls = await giteaPulls(world.host, name)
  const own = await reviewed(world, name)
  const head = `gitsync/${name}/sync`
  const it: Review = {
    ...own,
    tenant,
    head,
    pulls: () => pulls.list(),
    async merge(number, how) {
      await waitFor('Gitea knows the branch', () => it.isListed())
      await pulls.merge(number, how)
    },
    async close(number) {
      await gitea.api('PATCH', `${path}/pulls/${number}`, { state: 'closed' })
    },
    async edit(branch, file, content) {
      const old = (await gitea.api('GET', `${path}/contents/${file}?ref=${branch}`).catch(() => null)) as {
        sha: string
      } | null
      const body = { content: Buffer.from(content).toString('base64'), branch, message: `edit ${file}` }
      await (old === null
        ? gitea.api('POST', `${path}/contents/${file}`, body)
        : gitea.api('PUT', `${path}/contents/${file}`, { ...body, sha: old.sha }))
    },
    show: (branch, file) => tenant.repository.git('show', `${branch}:${file}`),
    hasBranch: async () => (await tenant.repository.git('branch', '--list', head)) !== '',
    async isListed() {
      const branches = (await gitea.api('GET', `${path}/branches?limit=50`)) as { readonly name: string }[]
      return branches.some((branch) => branch.name === head)
    },
    async removeBranch() {
      await gitea.api('DELETE', `${path}/branches/${encodeURIComponent(head)}`)
    },
  }
  await tenant.sync({
    spec: { push: options.mode === 'Commit' ? { mode: 'Commit' } : asRequest(options.pullRequest) },
  })
  return it
}

const asRequest = (pullRequest: object = {}) => ({ mode: 'PullRequest', pullRequest })

/** The base has everything. Gitea takes a while to believe in a branch that was deleted and is made again, so there was none. */
async function merged(options?: Parameters<typeof review>[0]): Promise<Review> {
  const it = await review({ ...options, mode: 'Commit' })
  await it.tenant.ready()
  await world.api.patch(syncRef(it.tenant.namespace), { spec: { push: asRequest(options?.pullRequest) } })
  await it.tenant.ready()
  return it
}

test('a difference opens one request; labels, title and text are kept in step; merged, its branch goes', async () => {
  const it = await review({ pullRequest: { labels: ['gitsync', 'shop'], reviewers: [] } })
  const { namespace } = it.tenant
  const opened = await it.request('Open')
  await it.tenant.ready()
  const [pull, ...others] = await it.pulls()
  expect(others).toEqual([])
  expect(pull).toMatchObject({ number: opened.number, title: `Create ConfigMap ${namespace}/web`, state: 'open' })
  expect(pull?.body).toContain(`- Create \`ConfigMap ${namespace}/web\``)
  expect(pull?.labels.map(({ name }) => name).sort()).toEqual(['gitsync', 'shop'])
  expect(opened.url).toContain(`/pulls/${opened.number}`)
  await expect(it.show('main', it.file())).rejects.toThrow(/does not exist|exists on disk/)
  expect(await it.show(it.head, it.file())).toContain('level: "1"')

  await world.api.create(configMap(namespace, 'db', { level: '1' }))
  await it.set('web', '2')
  await waitFor('the request tells of both', async () => {
    const [now] = await it.pulls()
    if (now?.body.includes('`ConfigMap') && now.body.includes(`${namespace}/db`) && now.body.includes('alice'))
      return now
    throw new Error(JSON.stringify(now))
  })
  const [updated, ...more] = await it.pulls()
  expect(more).toEqual([])
  expect(updated).toMatchObject({ number: opened.number, title: `Create 2 objects in ${namespace}` })
  expect(await it.tenant.repository.git('log', '--format=%an %s', `main..${it.head}`)).toContain(
    'alice Update ConfigMap',
  )

  await it.merge(opened.number)
  await it.tenant.request()
  expect(await it.request('Merged')).toMatchObject({ number: opened.number })
  // Code 201 is what Gitea says of the request that was opened.
  expect(await world.operator.metric('gitsync_git_api_requests_total', { code: '201' })).toBeGreaterThan(0)
  // Until Gitea has seen that, it closes what is opened for a branch of this name.
  await waitFor('the branch is gone, and Gitea knows', async () => !(await it.hasBranch()) && !(await it.isListed()))
  expect(await it.show('main', it.file())).toContain('level: "2"')
  await it.tenant.ready()
  await it.tenant.repository.git('fsck', '--full', '--strict')

  await it.set('web', '3')
  const next = await it.request('Open')
  expect(next.number).toBeGreaterThan(opened.number)
  const events = await world.api.list({ apiVersion: 'v1', kind: 'Event', namespace })
  const reasons = new Set(events.map((event) => event['reason']))
  expect(reasons).toContain('PullRequestOpened')
  expect(reasons).toContain('PullRequestMerged')
  expect(reasons).not.toContain('BranchCreated')
})

test('what is taken back in the cluster is closed, and its branch goes', async () => {
  const it = await merged()
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.set('web', '1')
  expect(await it.request('Closed')).toMatchObject({ number })
  await waitFor('the branch is gone', async () => !(await it.hasBranch()))
  await it.tenant.ready()
  expect((await it.pulls())[0]).toMatchObject({ number, state: 'closed', merged: false })
  // Nobody has said no to it. Gitea may close this one as well, having learned late that the branch was gone.
  await it.set('web', '2')
  expect((await it.request('Open')).number).toBeGreaterThan(number)
})

test('the base moves, elsewhere and in the folder: no history is rewritten, and the cluster wins in the folder', async () => {
  const it = await merged()
  const { git } = it.tenant.repository
  await it.set('web', '2')
  const { number } = await it.request('Open')
  const before = await git('rev-parse', it.head)
  await it.edit('main', 'README.md', 'something else\n')
  const asked = await it.tenant.request()
  // A look that is still to come would see the next edits one by one.
  await waitFor('the base was looked at', async () => {
    const { status } = await world.api.get(syncRef(it.tenant.namespace))
    return status.lastHandledRequest === asked
  })
  expect(await git('rev-parse', it.head)).toBe(before)

  await it.edit('main', it.file(), 'somebody: else\n')
  await it.edit('main', `${it.tenant.namespace}/sync/notes.md`, 'by hand\n')
  await it.tenant.request()
  await waitFor('the base is merged into the branch', async () =>
    (await git('log', '--merges', '--format=%s', `${before}..${it.head}`)).includes(`Merge main into ${it.head}`),
  )
  await git('merge-base', '--is-ancestor', before, it.head)
  await waitFor('the base is merged as it is now', async () => {
    await git('merge-base', '--is-ancestor', 'main', it.head)
    return true
  })
  expect(await it.show(it.head, it.file())).toContain('level: "2"')
  expect(await it.show(it.head, `${it.tenant.namespace}/sync/notes.md`)).toBe('by hand')
  expect(await it.show(it.head, 'README.md')).toBe('something else')
  expect(await git('diff', '--name-only', `main...${it.head}`)).toBe(it.file())
  expect(await it.request('Open')).toMatchObject({ number })
  await it.merge(number)
  await it.tenant.request()
  expect(await it.request('Merged')).toMatchObject({ number })
})

test.each(['squash', 'rebase'] as const)('a request that is merged by %s is merged', async (how) => {
  const it = await merged()
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.merge(number, how)
  await it.tenant.request()
  expect(await it.request('Merged')).toMatchObject({ number })
  await waitFor('the branch is gone', async () => !(await it.hasBranch()))
})

test('what a person closed stays closed until something changes, also when the branch is gone; or until somebody asks', async () => {
  const it = await merged()
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.close(number)
  await it.removeBranch()
  await world.operator.stop()
  world.operator = await world.startOperator()
  const condition: Condition = await it.tenant.reason('PullRequestClosed', undefined, { timeout: 60_000 })
  expect(condition.message).toContain(`request ${number} of branch ${it.head}`)
  expect(conditionOf(await world.api.get(syncRef(it.tenant.namespace)), 'Stalled')).toMatchObject({ status: 'True' })
  expect(await it.hasBranch()).toBe(false)
  expect(await it.pulls()).toHaveLength(1)

  await it.set('web', '3')
  const changed = await it.request('Open')
  expect(changed.number).toBeGreaterThan(number)
  await it.close(changed.number)
  await world.operator.stop()
  world.operator = await world.startOperator()
  await it.tenant.reason('PullRequestClosed', undefined, { timeout: 60_000 })
  await it.tenant.request()
  expect((await it.request('Open')).number).toBeGreaterThan(changed.number)
  await it.tenant.ready()
})

test("people's commits on the branch stay, and with them the branch and its request", async () => {
  const it = await merged()
  await it.set('web', '2')
  const { number } = await it.request('Open')
  await it.edit(it.head, 'CHANGELOG.md', 'by hand\n')
  await it.edit(it.head, it.file(), 'by: hand\n')
  await it.tenant.request()
  await waitFor('the cluster wins in the folder', async () =>
    (await it.show(it.head, it.file())).includes('level: "2"'),
  )
  expect(await it.show(it.head, 'CHANGELOG.md')).toBe('by hand')
  await it.set('web', '1')
  await waitFor('nothing is proposed', async () => (await it.show(it.head, it.file())).includes('level: "1"'))
  await it.tenant.request()
  await it.tenant.ready()
  expect(await it.hasBranch()).toBe(true)
  expect(await it.request('Open')).toMatchObject({ number })
})

test('a token that may push but open no request: the condition says what it needs', async () => {
  const { gitea, host } = world.host
  // A token is made with the password, never with another token.
  const basic = Buffer.from(`${gitea.user}:${gitea.password}`).toString('base64')
  const made = await fetch(`${gitea.url}/api/v1/users/${gitea.user}/tokens`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'code-only', scopes: ['write:repository'] }),
  })
  const { sha1: token } = (await made.json()) as { sha1: string }
  const it = await review({ pullRequest: { labels: ['needs-issue-scope'] } })
  await it.request('Open')
  const { namespace } = it.tenant
  await world.api.create(credentialSecret(namespace, host, { token }, 'weak'))
  await world.api.patch(syncRef(namespace), {
    spec: {
      repository: { secretRef: { name: 'weak' } },
      push: { pullRequest: { labels: ['needs-issue-scope', 'another'] } },
    },
  })
  await it.tenant.request()
  const { message } = await it.tenant.reason('PermissionDenied')
  expect(message).toContain('the token needs the scopes write:repository and write:issue')
  expect(message).not.toContain(token)
  await world.api.patch(syncRef(namespace), { spec: { repository: { secretRef: { name: 'git-credentials' } } } })
  await it.tenant.ready()
  expect((await it.pulls())[0]?.labels.map(({ name }) => name).sort()).toEqual(['another', 'needs-issue-scope'])
})

test('an answer that is lost when the request is opened leaves one request behind', async () => {
  const { gitea, credentials } = world.host
  const proxy = await startLossyProxy(gitea.url)
  try {
    await world.api.create({
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'GitProvider',
      metadata: { name: 'proxy' },
      spec: { hosts: [proxy.host], type: 'Gitea' },
    })
    const it = await merged()
    const { namespace } = it.tenant
    await world.api.create(credentialSecret(namespace, proxy.host, credentials, 'proxied'))
    const url = `${proxy.url}/${gitea.user}/${namespace}.git`
    await world.api.patch(syncRef(namespace), { spec: { repository: { url, secretRef: { name: 'proxied' } } } })
    await it.tenant.ready()
    proxy.loseAnswer(({ method, url }) => method === 'POST' && url?.endsWith('/pulls') === true)
    await it.set('web', '2')
    await it.request('Open')
    await it.tenant.ready()
    expect(proxy.lost).toBe(1)
    expect((await it.pulls()).filter(({ state }) => state === 'open')).toHaveLength(1)
  } finally {
    await proxy.stop()
  }
})

test('an operator that is killed at any moment leaves one request behind', async () => {
  const it = await merged()
  for (let round = 2; round < 6; round++) {
    await it.set('web', String(round))
    // Later each time: before the push, between push and request, after it.
    await waitFor('something has begun', async () => round < 4 || (await it.hasBranch()))
    await world.operator.kill()
    world.operator = await world.startOperator()
    await waitFor('the branch has it', async () => (await it.show(it.head, it.file())).includes(`level: "${round}"`))
  }
  await it.tenant.ready()
  const open = (await it.pulls()).filter(({ state }) => state === 'open')
  expect(open).toHaveLength(1)
  expect(await it.request('Open')).toMatchObject({ number: open[0]?.number })
})
