import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../../../test/kit/cluster/index.ts'
import { ACCEPTED, MINIMAL_SPEC, REFUSED } from './testing/cases.ts'
import { ACCEPTED_DASHBOARDS, REFUSED_DASHBOARDS } from './testing/dashboard-cases.ts'
import { ACCEPTED_PROVIDERS, REFUSED_PROVIDERS } from './testing/provider-cases.ts'
import { parseGitSync } from './parse.ts'

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.kubectl(['apply', '--server-side', '-f', root('crds')])
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
})
afterAll(() => cluster.stop())

const gitSync = (spec: unknown) => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'shop', namespace: 'default' },
  spec,
})
const dryRun = async (object: unknown): Promise<any> =>
  JSON.parse(
    await cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input: JSON.stringify(object) }),
  )
const refusal = async (object: unknown): Promise<string> =>
  await dryRun(object).then(
    () => 'accepted',
    (error: unknown) => String(error),
  )

test('the API server keeps the schemas whole: structural, rules compiled, nothing to warn about', async () => {
  for (const crd of ['gitsyncs.gitsync.dev', 'gitproviders.gitsync.dev', 'dashboards.gitsync.dev']) {
    const { status } = JSON.parse(await cluster.kubectl(['get', 'crd', crd, '-o', 'json']))
    expect(
      status.conditions.filter(({ status }: any) => status !== 'True'),
      crd,
    ).toEqual([])
    expect(status.conditions.map(({ type }: any) => type).sort()).toEqual(['Established', 'NamesAccepted'])
  }
})

test('defaults are those of parseGitSync', async () => {
  expect((await dryRun(gitSync(MINIMAL_SPEC))).spec).toEqual(parseGitSync(gitSync(MINIMAL_SPEC)).spec)
})

test('every accepted spec is accepted', async () => {
  const list = (spec: unknown, i: number) => ({
    ...gitSync(spec),
    metadata: { name: `shop-${i}`, namespace: 'default' },
  })
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: ACCEPTED.map(list) })
  const created = await cluster.kubectl(['create', '--dry-run=server', '-o', 'name', '-f', '-'], { input })
  expect(created.trim().split('\n')).toHaveLength(ACCEPTED.length)
})

test('every rule refuses what it should, naming field and reason', { timeout: 120_000 }, async () => {
  for (const { name, spec, field, message } of REFUSED) {
    const answer = await refusal(gitSync(spec))
    expect(answer, name).toContain(field)
    expect(answer, name).toMatch(message)
  }
})

test('fields of later releases are refused by name', async () => {
  expect(await refusal(gitSync({ ...MINIMAL_SPEC, someday: 'soon' }))).toContain('unknown field "spec.someday"')
})

test('status is a subresource and takes what conditions say', async () => {
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(gitSync(MINIMAL_SPEC)) })
  const status = {
    observedGeneration: 1,
    branch: 'main',
    lastCommit: { sha: 'a'.repeat(40), time: '2026-01-01T00:00:00Z' },
    files: 3,
    pending: 0,
    orphans: 0,
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Succeeded', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  }
  const patch = JSON.stringify({ status })
  await cluster.kubectl(['patch', 'gsync', 'shop', '--subresource=status', '--type=merge', '-p', patch])
  expect(JSON.parse(await cluster.kubectl(['get', 'gsync', 'shop', '-o', 'json'])).status).toEqual(status)
  const table = await cluster.kubectl(['get', 'gitops-sync', '-A'])
  expect(table).toMatch(/NAMESPACE +NAME +READY +STATUS +COMMIT +AGE/)
  expect(table).toMatch(/default +(gitsync.gitsync.dev\/)?shop +True +Succeeded +a{40} /)
  expect(await cluster.kubectl(['get', 'gsync', '-o', 'wide'])).toMatch(/AGE +BRANCH +FILES +PENDING/)
})

test('GitProvider is cluster-scoped, has defaults and refuses URLs as hosts', async () => {
  const provider = (spec: unknown) => ({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name: 'corp' },
    spec,
  })
  expect((await dryRun(provider({ hosts: ['git.example.com', '[::1]:3000'] }))).spec).toMatchObject({
    allowPrivateAddresses: false,
    allowPlainHttp: false,
  })
  expect(await refusal(provider({ hosts: ['https://git.example.com'] }))).toContain('no scheme, no path')
  expect(await refusal(provider({ hosts: ['a', 'a'] }))).toContain('Duplicate value')
  expect(await refusal(provider({ hosts: [] }))).toContain('spec.hosts')
  expect(await refusal(provider({ hosts: ['a'], caBundle: 'x' }))).toContain('PEM certificates')
  for (const { spec, message } of REFUSED_PROVIDERS) {
    expect(await refusal(provider({ hosts: ['a'], ...spec })), JSON.stringify(spec)).toMatch(message)
  }
  for (const spec of ACCEPTED_PROVIDERS) {
    expect((await dryRun(provider({ hosts: ['a'], ...spec }))).spec).toMatchObject(spec)
  }
})

test('Dashboards: one source, a safe path, and a model with whatever fields it has', async () => {
  const dashboard = (spec: unknown) => ({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'Dashboard',
    metadata: { name: 'checkout', namespace: 'default' },
    spec,
  })
  for (const spec of ACCEPTED_DASHBOARDS) expect((await dryRun(dashboard(spec))).spec).toEqual(spec)
  for (const { spec, field, message } of REFUSED_DASHBOARDS) {
    const answer = await refusal(dashboard(spec))
    expect(answer, JSON.stringify(spec)).toContain(field)
    expect(answer, JSON.stringify(spec)).toMatch(message)
  }
})

test('the examples are accepted', { timeout: 60_000 }, async () => {
  for (const file of readdirSync(root('examples/app')).sort()) {
    await cluster.kubectl(['apply', '-f', root(`examples/app/${file}`)])
    if (file.includes('crd')) await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
  }
  await cluster.kubectl(['apply', '-f', root('examples/provider.yaml'), '-f', root('examples/gitsync.yaml')])
  const catalog = await cluster.kubectl(['get', 'pricelist', 'winter', '-n', 'shop', '-o', 'jsonpath={.catalogId}'])
  expect(catalog).toBe('9007199254740993')
  await cluster.kubectl(['apply', '-f', root('examples/dashboard.yaml')])
})
