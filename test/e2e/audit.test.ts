/** As an auditor would ask: who changed it, and is the record intact? Of histories that the operator itself has written. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandError, run } from '../kit/process/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { installPolicy } from './harness/attribution.ts'
import type { Ref } from './harness/api.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import type { Tenant } from './harness/tenant.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const GITSYNC = join(ROOT, 'protocol/src/cli/gitsync.ts')

describe.each(WORLDS)('audit: %s', (plane) => {
  let world: World<HttpBackendHost>
  let home: string
  let tenant: Tenant<TestRepository>
  let keys: string

  const dashboardRef = (): Ref => ({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'Dashboard',
    namespace: tenant.namespace,
    name: 'checkout',
  })

  beforeAll(async () => {
    world = await startWorld(plane)
    if (plane === 'kube-apiserver') await installPolicy(world)
    home = await mkdtemp(join(tmpdir(), 'gitsync-audit-'))
    tenant = await world.tenant('audited')
    const { namespace } = tenant
    await world.cluster?.grant('alice', {
      verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
      resources: ['dashboards.gitsync.dev', 'configmaps'],
    })
    await world.api.create(configMap(namespace, 'settings'))
    await world.api.create(configMap(namespace, 'gone'))
    const trailers = ['Changed-by', 'Changed-via', 'Object', 'Resource-version', 'Cluster']
    await tenant.sync({ path: 'all', commit: { trailers, signing: { generate: true } } })
    const { status } = await tenant.ready()
    keys = join(home, 'operator.pub')
    await writeFile(keys, `${status.signingKey}\n`)

    // A story: a dashboard, its limit, its title; an object that goes.
    const source = (title: string, max: number): object => ({
      model: { title, uid: 'checkout', panels: [{ id: 4, max }] },
    })
    const { apiVersion, kind } = dashboardRef()
    const object = {
      apiVersion,
      kind,
      metadata: { name: 'checkout', namespace },
      spec: { syncRef: { name: 'sync' }, source: source('Checkout', 1) },
    }
    await asAlice(['create', '-f', '-'], JSON.stringify(object))
    await tenant.committed(/^Create Dashboard audited\/checkout$/m)
    for (const [title, max] of [
      ['Checkout', 2],
      ['Checkout: latency', 2],
    ] as const) {
      const patch = JSON.stringify({ spec: { source: source(title, max) } })
      const before = await commits()
      await asAlice(['patch', 'dashboard', 'checkout', '--type=merge', '-p', patch])
      await tenant.history('all', before + 1)
    }
    await world.api.delete(configMapRef(namespace, 'gone'))
    await tenant.committed(/^Delete ConfigMap audited\/gone$/m)
  })
  afterAll(async () => {
    await world?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const commits = async (): Promise<number> =>
    Number(await tenant.repository.git('rev-list', '--count', 'main', '--', 'all'))

  /** As a person, with the real kubectl; in front of the embedded server its field manager has the person's name. */
  async function asAlice(args: readonly string[], input?: string): Promise<void> {
    const all = [...args, `--namespace=${tenant.namespace}`]
    if (world.cluster === undefined) await world.kubectl([...all, '--field-manager=alice'], input)
    else await world.cluster.kubectl(all, { user: 'alice', ...(input === undefined ? {} : { input }) })
  }

  /** `gitsync audit …`, as it is found beside the command. */
  async function audit(...args: readonly string[]) {
    const { username = '', password = '' } = world.host.credentials
    const path = [join(ROOT, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
    const env = { PATH: path, HOME: home, GITSYNC_USER: username, GITSYNC_TOKEN: password }
    try {
      const { stdout } = await run(process.execPath, [GITSYNC, 'audit', ...args, '--json'], { env, cwd: home })
      return { code: 0, told: JSON.parse(stdout.toString()) }
    } catch (error) {
      if (!(error instanceof CommandError) || error.stdout === '') throw error
      return { code: error.exitCode, told: JSON.parse(error.stdout) }
    }
  }

  test('who changed the limit in the checkout dashboard, and is the record intact?', async () => {
    const { url } = tenant.repository
    const { told } = await audit(url, 'main', '--dashboard', 'Checkout: latency', '--field', 'panels[id=4].max')
    expect(told.map(({ author, field }: any) => [author.name, field])).toEqual([
      ['alice', { from: '1', to: '2' }],
      ['alice', { from: null, to: '1' }],
    ])
    const { uid } = (await world.api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' })).metadata
    expect(told[0]).toMatchObject({
      byOperator: true,
      said: 'trailers',
      object: { kind: 'Dashboard', group: 'gitsync.dev', namespace: 'audited', name: 'checkout' },
      cluster: uid,
    })

    const { code, told: report } = await audit('verify', url, 'main', '--keys', keys, '--trailers', 'Object,Cluster')
    expect(report.findings.filter(({ kind }: any) => kind !== 'Compared' && kind !== 'Unattributed')).toEqual([])
    expect({ code, verdict: report.verdict }).toEqual({ code: 0, verdict: 'Intact' })
    const count = await commits()
    expect(report).toMatchObject({
      commits: { checked: count, byOperator: count, withTrailers: count },
      signatures: { good: count, unsigned: 0 },
      claims: [{ path: 'all/.gitsync', cluster: uid }],
    })
  })

  test('an object that is gone is found by its name', async () => {
    const { told } = await audit(tenant.repository.url, 'main', '--object', 'ConfigMap/audited/gone')
    expect(told.map(({ action }: any) => action)).toEqual(['Delete', 'Create'])
  })

  test('what somebody pushes beside it is listed, and what is taken out of it is found', async () => {
    const { url } = tenant.repository
    const report = join(home, 'kept.json')
    expect((await audit('verify', url, 'main', '--keys', keys, '--save', report)).code).toBe(0)
    const mine = { message: 'Mine', time: Math.floor(Date.now() / 1000) }
    await tenant.repository.commitFiles({ 'all/dashboards/checkout-latency.json': '{}' }, mine)
    await tenant.request()
    await tenant.history('all', (await commits()) + 1)
    const { code, told } = await audit('verify', url, 'main', '--keys', keys, '--previous', report)
    expect(told.findings).toContainEqual({
      kind: 'ForeignCommit',
      commit: expect.any(String),
      message: expect.stringContaining('1 file, 1 of them in claimed folders'),
    })
    expect(code).toBe(0)

    // Without the last commit, in a branch that the operator does not write.
    await tenant.repository.git('update-ref', 'refs/heads/copy', 'main~1')
    const copy = await audit('verify', url, 'copy', '--keys', keys, '--since-tip', told.tip)
    expect(copy.code).toBe(8)
    expect(copy.told.findings[0]).toMatchObject({ kind: 'HistoryRewritten', commit: told.tip })
  })
})
