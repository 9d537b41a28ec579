import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

/** A window that never closes by itself during a test. */
const NEVER = { window: '10m', maxLatency: '1h' }

describe.each(WORLDS)('what people ask for: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const annotate = (namespace: string, annotations: Readonly<Record<string, string | null>>): Promise<unknown> =>
    world.api.patch(syncRef(namespace), { metadata: { annotations } })
  const handled = (namespace: string, request: string): Promise<unknown> =>
    waitFor(`the request ${request} is handled`, async () => {
      const { status } = await world.api.get(syncRef(namespace))
      return status?.lastHandledRequest === request
    })

  test('requested-at compares the folder now and reports the request as handled', async () => {
    const tenant = await world.tenant('requested')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'settings'))
    await tenant.sync()
    await tenant.ready()
    const tree = await repository.git('rev-parse', 'main^{tree}')
    await repository.commitFiles({ 'requested/sync/requested/configmap/settings.yaml': 'drift\n' })
    const request = await tenant.request()
    await handled(namespace, request)
    expect(await repository.git('rev-parse', 'main^{tree}')).toBe(tree)
    expect((await tenant.ready())['status'].lastHandledRequest).toBe(request)
  })

  test('a commit-message closes the window with this message, once', async () => {
    const tenant = await world.tenant('message')
    const { repository, namespace } = tenant
    const { api } = world
    await api.create(configMap(namespace, 'settings', { banner: 'none' }))
    await tenant.sync({ commit: NEVER })
    await tenant.ready()
    await nextSecond()
    await api.patch(configMapRef(namespace, 'settings'), { data: { banner: 'winter' } }, { manager: 'alice' })
    await waitFor('the change is pending', async () => (await world.operator.metric('gitsync_pending_files')) === 1)
    await annotate(namespace, { 'gitsync.dev/commit-message': 'Winter sale, approved by Bob' })
    await tenant.committed(/^Winter sale, approved by Bob$/m)
    await handled(namespace, 'Winter sale, approved by Bob')
    expect(await repository.git('log', '-1', '--format=%an', 'main')).toBe('alice')

    await api.patch(configMapRef(namespace, 'settings'), { data: { banner: 'spring' } })
    await annotate(namespace, { 'gitsync.dev/requested-at': 'spring' })
    await waitFor('spring is in Git', async () =>
      (await repository.readFile('main', 'message/sync/message/configmap/settings.yaml')).includes('spring'),
    )
    await handled(namespace, 'spring')
    expect(await repository.git('log', '-1', '--format=%s', 'main')).toBe('Update ConfigMap message/settings')
    const subjects = (await repository.git('log', '--format=%s', 'main')).split('\n')
    expect(subjects.filter((subject) => subject.startsWith('Winter sale'))).toHaveLength(1)
  })

  test('a suspended GitSync sends nothing, and catches up when it is resumed', async () => {
    const tenant = await world.tenant('suspended')
    const neighbour = await world.tenant('not-suspended')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'settings'))
    await Promise.all([tenant.sync(), neighbour.sync()])
    await Promise.all([tenant.ready(), neighbour.ready()])
    await world.api.patch(syncRef(namespace), { spec: { suspend: true } })
    await tenant.reason('Suspended')
    const requests = (): number =>
      world.host.remote.requests.filter(({ path }) => path.startsWith('/suspended.git/')).length
    const before = requests()
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'changed meanwhile' } })
    // Of the same kind and later: when this is in Git, the operator has seen the other change too.
    await world.api.create(configMap('not-suspended', 'marker'))
    await neighbour.committed(/ConfigMap not-suspended\/marker/)
    expect(requests()).toBe(before)

    await world.api.patch(syncRef(namespace), { spec: { suspend: false } })
    await tenant.ready()
    const file = await repository.readFile('main', 'suspended/sync/suspended/configmap/settings.yaml')
    expect(file.toString()).toContain('changed meanwhile')
  })

  test('nobody signs what another has edited: a change of author within a window gives two commits', async () => {
    const tenant = await world.tenant('authors')
    const { repository, namespace } = tenant
    const { api } = world
    await api.create(configMap(namespace, 'settings', { owner: 'nobody' }))
    await tenant.sync({
      commit: { window: '3s', maxLatency: '5s', committer: { name: 'Bot', email: 'bot@example.com' } },
    })
    await tenant.ready()
    // API servers record who wrote by the second.
    await nextSecond()
    await api.patch(configMapRef(namespace, 'settings'), { data: { owner: 'alice' } }, { manager: 'alice' })
    await nextSecond()
    await api.patch(configMapRef(namespace, 'settings'), { data: { owner: 'bob' } }, { manager: 'bob' })
    const path = 'authors/sync/authors/configmap/settings.yaml'
    await waitFor('both edits are in Git', async () => (await repository.readFile('main', path)).includes('owner: bob'))
    expect((await repository.git('log', '-2', '--format=%an %cn', 'main')).split('\n')).toEqual([
      'bob Bot',
      'alice Bot',
    ])
    expect((await repository.readFile('main~1', path)).toString()).toContain('owner: alice')
  })

  test('health, readiness and metrics answer', async () => {
    const { operator } = world
    expect((await fetch(`${operator.url}/healthz`)).status).toBe(200)
    expect((await fetch(`${operator.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${operator.url}/nothing`)).status).toBe(404)
    expect((await fetch(`${operator.url}/metrics`, { method: 'POST' })).status).toBe(405)
    expect(await operator.metric('gitsync_commits_total')).toBeGreaterThan(0)
    expect(await operator.metric('rest_client_requests_total', { method: 'GET', code: '200' })).toBeGreaterThan(0)
  })

  test('SIGTERM pushes what is pending and says so in the status', async () => {
    const tenant = await world.tenant('flushed')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'settings'))
    await tenant.sync({ commit: NEVER })
    await tenant.ready()
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'before the end' } })
    await waitFor('the change is pending', async () => (await world.operator.metric('gitsync_pending_files')) > 0)
    await world.operator.stop()
    try {
      expect((await world.operator.exited).exitCode).toBe(0)
      const file = await repository.readFile('main', 'flushed/sync/flushed/configmap/settings.yaml')
      expect(file.toString()).toContain('before the end')
      const { status } = await world.api.get(syncRef(namespace))
      expect(status.lastCommit.sha).toBe(await repository.resolve('main'))
    } finally {
      world.operator = await world.startOperator()
    }
  })

  test('SIGKILL loses nothing: the next operator finds what was pending', async () => {
    const tenant = await world.tenant('killed')
    const { repository, namespace } = tenant
    const { api } = world
    await api.create(configMap(namespace, 'settings'))
    await api.create(configMap(namespace, 'doomed'))
    await tenant.sync({ commit: NEVER })
    await tenant.ready()
    await api.patch(configMapRef(namespace, 'settings'), { data: { key: 'before the end' } })
    await waitFor('the change is pending', async () => (await world.operator.metric('gitsync_pending_files')) > 0)
    await world.operator.kill()
    await api.delete(configMapRef(namespace, 'doomed'))
    world.operator = await world.startOperator()
    await tenant.committed(/Gitsync-Compared: restart/)
    const listed = await repository.git('ls-tree', '-r', '--name-only', 'main')
    expect(listed).not.toContain('doomed')
    const file = await repository.readFile('main', 'killed/sync/killed/configmap/settings.yaml')
    expect(file.toString()).toContain('before the end')
  })
})

async function nextSecond(): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  await waitFor('the next second', () => Math.floor(Date.now() / 1000) > now)
}
