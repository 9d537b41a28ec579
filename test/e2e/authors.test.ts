/** Who wrote what: the API server stamps it, and commits name the person, whatever the writer says of himself. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../kit/cluster/index.ts'
import { installPolicy } from './harness/attribution.ts'
import { configMap, configMapRef, syncRef, WRITTEN } from './harness/gitsync.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

const STAMP = 'gitsync.dev/changed-by'
const PROVIDED = { 'example.com/email': ['erin@corp.example'], 'example.com/name': ['Erin <E.>', 'other'] }

/** A kubeconfig with which its user acts as another, of whom an identity provider says more. */
function withExtra(kubeconfig: string, user: string, extra: object): string {
  const config = parse(kubeconfig) as { users: { user: object }[] }
  for (const entry of config.users) Object.assign(entry.user, { as: user, 'as-user-extra': extra })
  return stringify(config)
}

describe('authors, stamped by a MutatingAdmissionPolicy of kube-apiserver', () => {
  let world: World
  let tenant: Tenant
  let cluster: Cluster

  beforeAll(async () => {
    world = await startWorld('kube-apiserver')
    cluster = world.cluster as Cluster
    await installPolicy(world, { email: 'example.com/email', name: 'example.com/name' })
    tenant = await world.tenant('authors')
    const resources = ['configmaps', 'deployments.apps', 'deployments.apps/scale', 'deployments.apps/status', 'roles']
    for (const user of ['alice', 'bob'])
      await cluster.grant(user, { verbs: ['get', 'list', 'create', 'update', 'patch'], resources })
    await cluster.grant('bob', { verbs: ['impersonate'], resources: ['users', 'serviceaccounts'] })
    await tenant.sync({
      path: 'folder',
      resources: [
        { kind: 'ConfigMap', labelSelector: { matchLabels: WRITTEN } },
        { group: 'apps', kind: 'Deployment' },
      ],
      commit: {
        window: '1s',
        maxLatency: '20s',
        trailers: ['Changed-by', 'Changed-via', 'Object', 'Resource-version'],
      },
    })
    await tenant.ready()
  })
  afterAll(() => world?.stop())

  const as = (user: 'alice' | 'bob', args: readonly string[], input = ''): Promise<string> =>
    cluster.kubectl([...args, '--namespace=authors'], { user, input })
  /** Authors of the commits that touched a file, oldest first; waits until there are so many. */
  const authors = (file: string, count: number): Promise<string[]> =>
    tenant.history(`folder/authors/${file}`, count, '%an <%ae>')
  const patch = (user: 'alice' | 'bob', name: string, what: object, ...more: string[]): Promise<string> =>
    as(user, ['patch', 'configmap', name, '--type=merge', '-p', JSON.stringify(what), ...more])
  /** The operator that runs now is at work. */
  const handled = async (): Promise<void> => {
    const asked = await tenant.request()
    await waitFor('the request is handled', async () => {
      const { status } = await world.api.get(syncRef('authors'))
      return status.lastHandledRequest === asked
    })
    await tenant.ready()
  }
  const ALICE = 'alice <alice@user.invalid>'
  const BOB = 'bob <bob@user.invalid>'

  test('two who edit one object within one window and one second sign a commit each', async () => {
    const manifest = JSON.stringify(configMap('authors', 'shared', { a: '0' }))
    await as('alice', ['create', '-f', '-'], manifest)
    const apply = ['apply', '--server-side', '--force-conflicts', '--field-manager=bobs', '-f', '-']
    await as('bob', apply, JSON.stringify(configMap('authors', 'shared', { a: '1' })))
    await patch('alice', 'shared', { data: { a: '2' } })
    await as('bob', apply, JSON.stringify(configMap('authors', 'shared', { a: '3' })))
    expect(await authors('configmap/shared.yaml', 4)).toEqual([ALICE, BOB, ALICE, BOB])
    const [first, last] = [
      await tenant.repository.git(
        'log',
        '--reverse',
        '--format=%(trailers)',
        'main',
        '--',
        'folder/authors/configmap/shared.yaml',
      ),
      await tenant.repository.git('show', 'main:folder/authors/configmap/shared.yaml'),
    ]
    expect(first).toMatch(
      /Changed-by: alice\nChanged-via: kubectl-create\nObject: ConfigMap\/authors\/shared\nResource-version: \d+/,
    )
    expect(last).toContain('a: "3"')
    expect(last).not.toContain(STAMP)
  })

  test('nobody writes in the name of another', async () => {
    const forged = { metadata: { annotations: { [STAMP]: 'root@99999999' } } }
    const manifest = configMap('authors', 'spoofed', { a: '0' })
    await as(
      'alice',
      ['create', '-f', '-'],
      JSON.stringify({ ...manifest, metadata: { ...manifest.metadata, ...forged.metadata } }),
    )
    await patch('bob', 'spoofed', { ...forged, data: { a: '1' } })
    await as('alice', ['annotate', 'configmap', 'spoofed', `${STAMP}=root@99999999`, 'note=mine', '--overwrite'])
    await patch('bob', 'spoofed', { metadata: { annotations: { [STAMP]: null, other: 'his' } } })
    expect(await authors('configmap/spoofed.yaml', 4)).toEqual([ALICE, BOB, ALICE, BOB])

    await as('alice', ['create', 'deployment', 'web', '--image=web:1'])
    expect(await authors('deployment.apps/web.yaml', 1)).toEqual([ALICE])
    await as('bob', [
      'patch',
      'deployment',
      'web',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ ...forged, status: { replicas: 1 } }),
    ])
    await as('bob', ['patch', 'deployment', 'web', '--type=merge', '-p', JSON.stringify({ spec: { paused: true } })])
    expect(await authors('deployment.apps/web.yaml', 2)).toEqual([ALICE, BOB])
    // Through /scale there is no stamp: the old one is recognised as such.
    await as('alice', ['scale', 'deployment', 'web', '--replicas=3'])
    expect((await authors('deployment.apps/web.yaml', 3)).at(-1)).toBe('kubectl <kubectl@field-manager.invalid>')
    // The whole object is written through /finalize, annotations too.
    const namespace = await world.api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'authors' })
    const finalized = {
      ...namespace,
      metadata: { ...namespace.metadata, annotations: { ...forged.metadata.annotations, seen: 'yes' } },
    }
    await world.api.send('PUT', '/api/v1/namespaces/authors/finalize', finalized)
    const { annotations } = (await world.api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'authors' })).metadata
    expect(annotations).toMatchObject({ seen: 'yes', [STAMP]: 'admin@0' })

    const everything = await tenant.repository.git('log', '-p', '--format=%an %ae %B', 'main')
    expect(everything).not.toContain('root')
    expect(everything).not.toContain(STAMP)
  })

  test('who is impersonated signs, and service accounts are named as such', async () => {
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('authors', 'impersonated')))
    await patch('bob', 'impersonated', { data: { a: '1' } }, '--as=carol@example.com').catch((error: unknown) => {
      expect(String(error)).toContain('forbidden')
    })
    await cluster.grant('carol@example.com', { verbs: ['get', 'patch'], resources: ['configmaps'] })
    await cluster.grant('system:serviceaccount:authors:auditor', { verbs: ['get', 'patch'], resources: ['configmaps'] })
    await waitFor('carol may', async () =>
      Boolean(await patch('bob', 'impersonated', { data: { a: '2' } }, '--as=carol@example.com')),
    )
    await waitFor('the account may', async () =>
      Boolean(await patch('bob', 'impersonated', { data: { a: '3' } }, '--as=system:serviceaccount:authors:auditor')),
    )
    expect(await authors('configmap/impersonated.yaml', 3)).toEqual([
      ALICE,
      'carol@example.com <carol@example.com>',
      'authors/auditor (service account) <auditor.authors@service-account.invalid>',
    ])
  })

  test('whom the identity provider names signs with that name and address', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gitsync-extra-'))
    try {
      const file = join(dir, 'kubeconfig')
      await writeFile(file, withExtra(await readFile(cluster.kubeconfig(), 'utf8'), 'idp:4711', PROVIDED))
      await cluster.grant('idp:4711', { verbs: ['get', 'create', 'patch'], resources: ['configmaps'] })
      const manifest = JSON.stringify(configMap('authors', 'provided'))
      const args = ['create', '-f', '-', '--namespace=authors', `--kubeconfig=${file}`]
      await waitFor('the user may', async () => Boolean(await cluster.kubectl(args, { input: manifest })))
      await patch('bob', 'provided', { data: { a: '1' } })
      expect(await authors('configmap/provided.yaml', 2)).toEqual(['Erin  E. <erin@corp.example>', BOB])
      expect(await tenant.repository.git('log', '-1', '--format=%B', 'main~1')).toContain('Changed-by: idp:4711')
      // Not even their name would be known of a stamp that is too long to be read.
      const keys = Object.keys(PROVIDED)
      const long = Object.fromEntries(keys.map((key) => [key, ['x'.repeat(3_000)]]))
      await writeFile(file, withExtra(await readFile(cluster.kubeconfig(), 'utf8'), 'idp:4711', long))
      await cluster.kubectl(args, { input: JSON.stringify(configMap('authors', 'boundless')) })
      expect(await authors('configmap/boundless.yaml', 1)).toEqual(['idp:4711 <idp-4711@user.invalid>'])
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  test('who changes nothing is not named, and after a restart the right one is', async () => {
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('authors', 'quiet', { a: '1' })))
    expect(await authors('configmap/quiet.yaml', 1)).toEqual([ALICE])
    const { resourceVersion } = (await world.api.get(configMapRef('authors', 'quiet'))).metadata
    await patch('bob', 'quiet', { data: { a: '1' } })
    expect((await world.api.get(configMapRef('authors', 'quiet'))).metadata['resourceVersion']).toBe(resourceVersion)
    await world.operator.kill()
    world.operator = await world.startOperator()
    await handled()
    await patch('bob', 'quiet', { data: { a: '2' } })
    expect(await authors('configmap/quiet.yaml', 2)).toEqual([ALICE, BOB])
  })

  test('a trusted user interface speaks for persons, who are named as the mapping and the templates say', async () => {
    const labels = { 'gitsync.dev/authors': 'true' }
    const data = {
      bob: 'Bob Builder <bob@corp.example>',
      'users.txt': 'carol@idp.example = Carol C. <carol@corp.example>\n',
    }
    await world.api.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'people', namespace: 'authors', labels },
      data,
    })
    const authorsOf = (value: object): Promise<unknown> =>
      world.api.patch(syncRef('authors'), { spec: { authors: value } })
    await authorsOf({
      mappingRef: { name: 'people' },
      nameTemplate: 'Person {user.local}',
      emailTemplate: '{user.local}@corp.example',
    })
    await world.operator.stop()
    world.operator = await world.startOperator({ args: ['--trusted-account=authors/ui'] })
    await handled()
    const ui = 'system:serviceaccount:authors:ui'
    await cluster.grant(ui, { verbs: ['get', 'create', 'patch'], resources: ['configmaps'] })
    const write = async (user: string, a: string, behalf?: string): Promise<void> => {
      const annotations = behalf === undefined ? {} : { 'gitsync.dev/on-behalf-of': behalf }
      const what = JSON.stringify({ metadata: { annotations }, data: { a } })
      const args = ['patch', 'configmap', 'dashboard', '--namespace=authors', '--type=merge', '-p', what]
      await cluster.kubectl([...args, `--as=${user}`])
    }
    await as('alice', ['create', '-f', '-'], JSON.stringify(configMap('authors', 'dashboard', { a: '0' })))
    await waitFor('the interface may write', () => write(ui, '1', 'carol@idp.example').then(() => true))
    await write(ui, '2', 'dave')
    await write('bob', '3', 'root')
    expect(await authors('configmap/dashboard.yaml', 4)).toEqual([
      'Person alice <alice@corp.example>',
      'Carol C. <carol@corp.example>',
      'Person dave <dave@corp.example>',
      'Bob Builder <bob@corp.example>',
    ])
    expect(await tenant.repository.git('log', '-p', 'main')).not.toContain('on-behalf-of')

    const key = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'authors', labels: { 'gitsync.dev/credential': 'true' } },
    }
    await world.api.create({ ...key, stringData: { key: 'too short' } })
    await authorsOf({ pseudonyms: { secretRef: { name: 'key' } } })
    await tenant.reason('InvalidSecret')
    await world.api.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace: 'authors', name: 'key' },
      { data: { key: Buffer.alloc(32, 7).toString('base64') } },
    )
    await handled()
    await write('bob', '4')
    await write('alice', '5')
    await write('bob', '6')
    const pseudonyms = (await authors('configmap/dashboard.yaml', 7)).slice(4)
    expect(pseudonyms[0]).toMatch(/^(user-[0-9a-f]{16}) <\1@pseudonym\.invalid>$/)
    expect(pseudonyms[2]).toBe(pseudonyms[0])
    expect(pseudonyms[1]).not.toBe(pseudonyms[0])
    expect(await tenant.repository.git('log', '-3', '--format=%B', 'main')).not.toMatch(/bob|alice/i)
  })
})
