/** An operator with the rights of `watch.secrets`, as the API server's audit log saw it. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { LOCAL_CONSENTS, PERMISSIONS, SECRETS_PERMISSIONS } from '../../operator/src/api/permissions.ts'
import type { Permission } from '../../operator/src/api/permissions.ts'
import { httpBackendHost } from '../e2e/harness/git-host.ts'
import type { HttpBackendHost } from '../e2e/harness/git-host.ts'
import { syncRef } from '../e2e/harness/gitsync.ts'
import { startOperator } from '../e2e/harness/operator.ts'
import type { Operator } from '../e2e/harness/operator.ts'
import { newReader } from '../e2e/harness/sops.ts'
import type { Reader } from '../e2e/harness/sops.ts'
import { createTenant } from '../e2e/harness/tenant.ts'
import type { Tenant } from '../e2e/harness/tenant.ts'
import { startChartCluster, until } from './cluster.ts'
import type { AuditLine, ChartCluster } from './cluster.ts'
import { NAMESPACE } from './render.ts'

const NAME = 'gitsync-operator'
const CLUSTER_ROLE = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: NAME }

let world: ChartCluster
let host: HttpBackendHost
let reader: Reader
let operator: Operator | undefined

beforeAll(async () => {
  ;[world, host, reader] = await Promise.all([
    startChartCluster({ flags: ['--feature-gates=WatchList=false'] }),
    httpBackendHost(),
    newReader(),
  ])
  await world.install(await world.helm(), NAME, NAMESPACE, { watch: { ordinaryKinds: false, secrets: true } })
  await world.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
})
afterEach(async () => {
  await operator?.stop()
  operator = undefined
})
afterAll(async () => {
  await host?.stop()
  await world?.stop()
})

async function start(home = NAMESPACE, release = NAME): Promise<void> {
  const { spec } = await world.api.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: home, name: release })
  const { serviceAccountName, containers } = spec.template.spec
  const args = (containers[0].args as string[]).filter((argument) => !argument.startsWith('--metrics='))
  operator = await startOperator({
    kubeconfig: await world.login(home, serviceAccountName),
    args: ['--lease-namespace', home, ...args],
  })
}

async function vault(name: string): Promise<Tenant> {
  const repository = await host.createRepository(name)
  const place = { repository, host: host.host, credentials: host.credentials }
  const tenant = await createTenant(world.api, name, place)
  await world.kubectl(['label', 'namespace', name, 'gitsync.dev/secrets=allowed'])
  await world.kubectl(['create', 'secret', 'generic', 'db', '-n', name, '--from-literal=password=hunter2'])
  return tenant
}

const encrypted = () => ({ secrets: 'Encrypt', encryption: { recipients: [reader.recipient] } })
const written = async ({ repository, namespace }: Tenant): Promise<string> =>
  `${await repository.git('show', `main:${namespace}/sync/${namespace}/secret/db.yaml`)}\n`
const asks = ({ verb, resource, group }: AuditLine): string => `${verb} ${resource} ${group}`
const grants = (permissions: readonly Permission[]): string[] =>
  permissions.flatMap(({ apiGroups: [group = ''], resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} ${group}`)),
  )

test('what is granted is enough and is used; Secrets are listed in namespaces with the label and nowhere else', async () => {
  const [tenant, silent] = [await vault('used'), await vault('silent')]
  await world.kubectl(['label', 'namespace', 'silent', 'gitsync.dev/secrets-'])
  await start()
  const resources = [{ kind: 'Secret', namespaces: { names: ['used'] } }]
  await tenant.sync({ resources, spec: encrypted() })
  await silent.sync({ resources: [{ kind: 'Secret' }], spec: { secrets: 'Redact' } })
  await tenant.ready()
  expect((await reader.open(await written(tenant))).data).toEqual({ password: 'aHVudGVyMg==' })
  await silent.reason('Forbidden')
  // Other recipients change the keys that are there.
  const other = await newReader()
  await world.api.patch(syncRef('used'), { spec: { encryption: { recipients: [other.recipient] } } })
  await tenant.committed(/Update Secret used\/db/)
  await world.kubectl(['delete', 'secret', 'db', '-n', 'used'])
  await tenant.committed(/Delete Secret used\/db/)
  await operator?.stop()
  const lines = await world.audit(NAMESPACE, NAME)
  expect(lines.filter(({ isAllowed }) => !isAllowed)).toEqual([])
  const used = new Set(lines.map(asks))
  expect(grants(SECRETS_PERMISSIONS).filter((grant) => !used.has(grant))).toEqual([])
  expect([...used].filter((ask) => !grants([...PERMISSIONS, ...SECRETS_PERMISSIONS]).includes(ask))).toEqual([])
  const listed = lines.filter(({ resource, verb }) => resource === 'secrets' && (verb === 'list' || verb === 'watch'))
  expect([...new Set(listed.map(({ namespace }) => namespace))]).toEqual(['used'])
})

test.each(SECRETS_PERMISSIONS)('without $name: condition, and it heals', async (permission) => {
  const { apiGroups, resources, verbs, without, name } = permission
  const role = await world.api.get(CLUSTER_ROLE)
  const rules = role['rules'] as any[]
  const isIt = (rule: any): boolean =>
    isDeepStrictEqual([rule.apiGroups, rule.resources, rule.verbs], [apiGroups, resources, verbs])
  const asked = {
    group: '',
    resource: resources[0] ?? '',
    verb: verbs[0] ?? '',
    namespace: name === 'consents' ? '' : 'default',
  }
  expect(rules.filter(isIt)).toHaveLength(1)
  await world.api.patch(CLUSTER_ROLE, { rules: rules.filter((rule) => !isIt(rule)) })
  await until(world, [NAMESPACE, NAME], asked, false)
  const tenant = await vault(`without-${name.toLowerCase()}`)
  await start()
  await tenant.sync({ resources: [{ kind: 'Secret' }], spec: encrypted() })
  if (without.seen !== 'condition') throw new Error('only conditions are expected here')
  const { message } = await tenant.reason(without.reason)
  expect(message).toMatch(/watch\.secrets|secrets/)
  await expect(written(tenant)).rejects.toThrow()
  await world.api.patch(CLUSTER_ROLE, { rules })
  await until(world, [NAMESPACE, NAME], asked, true)
  if (name === 'Secrets') {
    // A list that was refused is tried again within a minute.
    await operator?.stop()
    await start()
  }
  await tenant.ready()
  expect((await reader.open(await written(tenant))).data).toEqual({ password: 'aHVudGVyMg==' })
})

test('with Roles only a consent is asked for in the namespace', async () => {
  const tenant = await vault('narrow')
  await world.install(await world.helm(), 'narrow', 'narrow-home', {
    namespaces: ['narrow'],
    crds: { enabled: false },
    rbac: { rolesOnly: true },
    fullnameOverride: 'narrow',
    watch: { ordinaryKinds: false, secrets: true },
    admissionPolicy: { enabled: false },
  })
  await start('narrow-home', 'narrow')
  await tenant.sync({ resources: [{ kind: 'Secret' }], spec: encrypted() })
  await tenant.ready()
  expect((await reader.open(await written(tenant))).data).toEqual({ password: 'aHVudGVyMg==' })
  const lines = await world.audit('narrow-home', 'narrow')
  expect(lines.filter(({ isAllowed }) => !isAllowed)).toEqual([])
  const consents = lines.filter(({ resource, name }) => resource === 'namespaces' && name !== 'kube-system')
  expect([...new Set(consents.map(asks))]).toEqual(grants([LOCAL_CONSENTS]))
})
