import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpBackendHost } from './harness/git-host.ts'
import { CONFIG_MAPS, configMap, gitsync, syncRef } from './harness/gitsync.ts'
import { startSink } from './harness/sink.ts'
import { credentialSecret } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('tenancy: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const requestsTo = (repository: string): number =>
    world.host.remote.requests.filter(({ path }) => path.startsWith(`/${repository}.git/`)).length

  test('what the account may not list and watch is not written, and the rest is', async () => {
    const tenant = await world.tenant('reader', { rules: [{ apiGroups: [''], resources: ['services'] }] })
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'confidential'))
    await world.api.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace },
      spec: { ports: [{ port: 80 }] },
    })
    await tenant.sync({ resources: [CONFIG_MAPS, { kind: 'Service' }] })
    const { message } = await tenant.reason('Forbidden')
    expect(message).toContain(
      'ServiceAccount auditor may not list and watch ConfigMap in namespace reader (resource configmaps',
    )
    await waitFor('the service is in Git', () =>
      repository.resolve('main:reader/sync/reader/service/web.yaml').then((oid) => oid !== null),
    )
    expect((await repository.lsTree('main')).map(({ path }) => path)).toEqual([
      'reader/sync/.gitsync',
      'reader/sync/reader/service/web.yaml',
    ])
  })

  test("an account has no rights in another tenant's namespace, whatever the operator may do there", async () => {
    const victim = await world.tenant('victim')
    const curious = await world.tenant('curious')
    await world.api.create(configMap(victim.namespace, 'confidential'))
    await world.api.create(configMap(curious.namespace, 'own'))
    await curious.sync({ resources: [{ ...CONFIG_MAPS, namespaces: { names: ['curious', 'victim'] } }] })
    const { message } = await curious.reason('Forbidden')
    expect(message).toContain('ConfigMap in namespace victim')
    const { repository } = curious
    await waitFor('the own object is in Git', () =>
      repository.resolve('main:curious/sync/curious/configmap/own.yaml').then((oid) => oid !== null),
    )
    expect(await repository.git('log', '-p', 'main')).not.toContain('confidential')
  })

  test('an account that does not exist reads nothing, even where everybody may read', async () => {
    const tenant = await world.tenant('nobody')
    await world.api.create(configMap(tenant.namespace, 'settings'))
    await tenant.sync({ spec: { serviceAccountName: 'ghost' } })
    const { message } = await tenant.reason('ServiceAccountNotFound')
    expect(message).toContain('ghost')
    expect(requestsTo('nobody')).toBe(0)
  })

  test.each([
    [
      'without the label',
      (secret: any) => delete secret.metadata.labels,
      'lacks the label gitsync.dev/credential: "true"',
    ],
    ['without hosts', (secret: any) => delete secret.metadata.annotations, 'does not name'],
    [
      'for another host',
      (secret: any) => void (secret.metadata.annotations['gitsync.dev/hosts'] = 'git.example.com,127.0.0.1:1'),
      'does not name',
    ],
  ])('a Secret %s is not sent to the host of a GitSync', async (how, spoil, remedy) => {
    const namespace = `secret-${how.replaceAll(' ', '-')}`
    const tenant = await world.tenant(namespace)
    const sink = await startSink()
    try {
      const secret = credentialSecret(namespace, new URL(sink.url).host, { token: 'a token of somebody' }, 'somebodys')
      spoil(secret)
      await world.api.create(secret)
      await tenant.sync({ url: `${sink.url}/mine.git`, secret: 'somebodys' })
      const { message } = await tenant.reason('SecretNotConsenting')
      expect(message).toContain(remedy)
      expect(sink.seen).toEqual([])
      // Consent, given afterwards, is enough: the label and the host. The permission is what was missing, nothing else.
      const consent = credentialSecret(namespace, new URL(sink.url).host, {}, 'somebodys').metadata
      await world.api.patch(
        { apiVersion: 'v1', kind: 'Secret', namespace, name: 'somebodys' },
        { metadata: { labels: consent['labels'], annotations: consent['annotations'] } },
      )
      await tenant.request()
      await tenant.reason('AuthenticationFailed')
      expect(sink.seen.filter((header) => header !== undefined)[0]).toBe(
        `Basic ${Buffer.from('git:a token of somebody').toString('base64')}`,
      )
    } finally {
      await sink.stop()
    }
  })

  test('credentials do not follow a redirect to another host', async () => {
    const tenant = await world.tenant('redirected')
    const sink = await startSink()
    const undo = world.host.remote.faults.redirect(`${sink.url}/stolen.git`, {
      times: Number.POSITIVE_INFINITY,
      when: ({ path }) => path.startsWith('/redirected.git/'),
    })
    try {
      await world.api.create(configMap(tenant.namespace, 'settings'))
      await tenant.sync()
      await waitFor('the redirect has been met', () => undo.fired > 0)
      await waitFor('the status says so', async () => {
        const { status } = await world.api.get(syncRef(tenant.namespace))
        return status?.conditions?.[0]?.status === 'False'
      })
      expect(sink.seen.filter((header) => header !== undefined)).toEqual([])
    } finally {
      undo.remove()
      await sink.stop()
    }
  })

  test('Secrets are not written to Git: selecting them is refused', async () => {
    const tenant = await world.tenant('secrets')
    const { namespace, repository } = tenant
    const sync = gitsync({ namespace, url: repository.url, resources: [{ kind: 'Secret' }, CONFIG_MAPS] })
    if (plane === 'embedded') {
      await world.api.create(sync)
      expect((await tenant.reason('InvalidSpec')).message).toContain('Secret')
      expect(requestsTo('secrets')).toBe(0)
    } else {
      await expect(world.kubectl(['apply', '-f', '-'], JSON.stringify(sync))).rejects.toThrow(
        'Secrets are not written to Git while secrets is Exclude',
      )
    }
  })

  test('a private host is refused without --allow-private-hosts, and no request is made, until a GitProvider allows it', async () => {
    const tenant = await world.tenant('private')
    await world.api.create(configMap(tenant.namespace, 'settings'))
    await world.operator.stop()
    world.operator = await world.startOperator({ allowPrivateHosts: false })
    const provider = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitProvider' }
    try {
      const before = world.host.remote.requests.length
      await tenant.sync()
      const { message } = await tenant.reason('HostNotAllowed')
      expect(message).toContain(world.host.host)
      expect(message).toContain('GitProvider')
      await tenant.sync({ name: 'anonymous', secret: null })
      expect((await tenant.reason('HostNotAllowed', 'anonymous')).message).toContain('private address 127.0.0.1')
      const localhost = tenant.repository.url.replace('127.0.0.1', 'localhost')
      await tenant.sync({ name: 'by-name', url: localhost, secret: null, path: 'by-name' })
      expect((await tenant.reason('HostNotAllowed', 'by-name')).message).toContain('private address')
      expect(world.host.remote.requests).toHaveLength(before)

      const spec = { hosts: [world.host.host], allowPrivateAddresses: true, allowPlainHttp: true }
      await world.api.create({
        ...provider,
        metadata: { name: 'loopback' },
        spec: { ...spec, allowedNamespaces: { names: ['elsewhere'] } },
      })
      await waitFor('the provider is known', async () =>
        (await tenant.reason('HostNotAllowed')).message.includes('namespace private'),
      )
      await world.api.patch({ ...provider, name: 'loopback' }, { spec: { allowedNamespaces: { names: ['private'] } } })
      await tenant.ready()

      const trusted = { matchLabels: { 'example.com/tier': 'trusted' } }
      const allowedNamespaces = { names: null, selector: trusted }
      await world.api.patch({ ...provider, name: 'loopback' }, { spec: { allowedNamespaces } })
      await tenant.reason('HostNotAllowed')
      const own = { apiVersion: 'v1', kind: 'Namespace', name: 'private' }
      await world.api.patch(own, { metadata: { labels: trusted.matchLabels } })
      await tenant.ready()
      await world.api.patch(own, { metadata: { labels: { 'example.com/tier': null } } })
      await tenant.reason('HostNotAllowed')
      await world.api.patch(own, { metadata: { labels: trusted.matchLabels } })
      await tenant.ready()
    } finally {
      await world.api.send('DELETE', '/apis/gitsync.dev/v1alpha1/gitproviders/loopback')
      await world.operator.stop()
      world.operator = await world.startOperator()
    }
  })

  test('credentials are in no log line, status, event or metric', async () => {
    const { password } = world.host.credentials
    const metrics = await (await fetch(`${world.operator.url}/metrics`)).text()
    const syncs = await world.kubectl(['get', 'gitsyncs,events,configmaps', '-A', '-o', 'yaml'])
    for (const text of [metrics, syncs, world.log()]) {
      expect(text).not.toContain(password)
      expect(text).not.toContain(Buffer.from(`audit-bot:${password}`).toString('base64'))
      expect(text).not.toContain('a token of somebody')
    }
  })
})
