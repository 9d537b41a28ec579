import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LOCAL_ACCESS_REVIEWS, PERMISSIONS, READ_VERBS } from '../../operator/src/api/permissions.ts'
import type { Permission } from '../../operator/src/api/permissions.ts'
import type { Ref } from '../e2e/harness/api.ts'
import { definitionsEstablished } from '../e2e/harness/control-plane.ts'
import { httpBackendHost } from '../e2e/harness/git-host.ts'
import type { HttpBackendHost } from '../e2e/harness/git-host.ts'
import { conditionOf, CONFIG_MAPS, configMap, configMapRef, syncRef } from '../e2e/harness/gitsync.ts'
import { startOperator } from '../e2e/harness/operator.ts'
import type { Operator } from '../e2e/harness/operator.ts'
import { oddKind } from '../e2e/harness/odd-kind.ts'
import type { OddKind } from '../e2e/harness/odd-kind.ts'
import { createTenant } from '../e2e/harness/tenant.ts'
import type { Tenant } from '../e2e/harness/tenant.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { ProcessError, withFreePorts } from '../kit/process/index.ts'
import { startChartCluster, until } from './cluster.ts'
import type { ChartCluster } from './cluster.ts'
import { NAMESPACE } from './render.ts'

const ACCOUNT = [NAMESPACE, 'gitsync-operator'] as const
const ROLES = {
  watched: { kind: 'ClusterRole', name: 'gitsync-operator' },
  cluster: { kind: 'ClusterRole', name: 'gitsync-operator' },
  system: { kind: 'Role', name: 'gitsync-operator', namespace: 'kube-system' },
  own: { kind: 'Role', name: 'gitsync-operator-lease', namespace: NAMESPACE },
} as const

/** No kind that the operator needs for itself: each of its own permissions shall be missed. */
const WATCH = {
  ordinaryKinds: false,
  rules: [
    { apiGroups: [''], resources: ['configmaps'] },
    { apiGroups: ['e2e.example.com'], resources: ['*'] },
  ],
}

let world: ChartCluster
let host: HttpBackendHost
let widget: OddKind
let operator: Operator | undefined
let tenants = 0

const roleRef = (scope: Permission['scope']): Ref => ({ apiVersion: 'rbac.authorization.k8s.io/v1', ...ROLES[scope] })

beforeAll(async () => {
  // Without streaming lists the operator lists, as it does on clusters that have none; with them it only watches.
  ;[world, host] = await Promise.all([
    startChartCluster({ flags: ['--feature-gates=WatchList=false'] }),
    httpBackendHost(),
  ])
  await world.install(await world.helm(), 'gitsync-operator', NAMESPACE, { watch: WATCH })
  await definitionsEstablished(world.api)
  widget = await oddKind(world, 'Widget')
})
afterEach(async () => {
  await operator?.stop()
  operator = undefined
})
afterAll(async () => {
  await host?.stop()
  await world?.stop()
})

/** Starts it as the chart's Pod would: as the Deployment's account, with its arguments. */
async function start([home, release]: readonly [string, string] = ACCOUNT): Promise<Operator> {
  const { spec } = await world.api.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: home, name: release })
  const { serviceAccountName, containers } = spec.template.spec
  operator = await startOperator({
    kubeconfig: await world.login(home, serviceAccountName),
    args: [
      '--lease-namespace',
      home,
      ...(containers[0].args as string[]).filter((argument) => !argument.startsWith('--metrics=')),
    ],
  })
  return operator
}

/** Of an operator that ends by itself, before or after it has begun to serve. */
async function lastWords(): Promise<string> {
  try {
    const running = await start()
    expect((await running.exited).exitCode).toBe(1)
    return running.log()
  } catch (error) {
    if (error instanceof ProcessError) return error.output
    throw error
  }
}

async function newTenant(name = `tenant-${++tenants}`): Promise<Tenant> {
  const repository = await host.createRepository(name)
  return await createTenant(world.api, name, { repository, host: host.host, credentials: host.credentials })
}

const readyz = async (): Promise<string> => {
  const answer = await fetch(`${operator?.url}/readyz`)
  return `${answer.status} ${await answer.text()}`
}

const filesOf = (tenant: Tenant): Promise<string> => tenant.repository.git('ls-tree', '-r', '--name-only', 'main')

/** All that an operator does in its life: export, edit, deletion of built-in and custom objects, a problem twice. */
async function mainFlow(tenant: Tenant): Promise<void> {
  const { namespace } = tenant
  await world.api.create(configMap(namespace, 'settings'))
  await world.api.create(configMap(namespace, 'old'))
  await world.api.create(widget.object(namespace, 'w'))
  const byLabel = { selector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }
  const resources = [{ ...CONFIG_MAPS, namespaces: byLabel }, widget.selector]
  const board = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard', namespace, name: 'board' }
  await world.api.create({
    ...board,
    metadata: { namespace, name: 'board' },
    spec: { syncRef: { name: 'sync' }, source: { model: { title: 'Board' } } },
  })
  await tenant.sync({ resources, spec: { deletionPolicy: 'Remove' } })
  // A kind that it may not watch is tried again within a minute.
  await tenant.ready('sync', { timeout: 90_000 })
  const isReported = async (): Promise<boolean> =>
    conditionOf(await world.api.get(board), 'Ready')?.reason === 'Succeeded'
  await waitFor('the Dashboard says that it is written', isReported, { timeout: 90_000 })
  await world.api.delete(board)
  await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'edited' } })
  await world.api.delete(configMapRef(namespace, 'old'))
  const { apiVersion, kind } = widget.object(namespace, 'w')
  await world.api.delete({ apiVersion, kind, namespace, name: 'w' })
  await waitFor('all of them are gone from Git', async () => !/old|widget|board/i.test(await filesOf(tenant)))
  expect(await tenant.repository.git('show', `main:${namespace}/sync/${namespace}/configmap/settings.yaml`)).toContain(
    'edited',
  )
}

test('what the chart grants is all used, and nothing else is asked for', async () => {
  await start()
  const tenant = await newTenant()
  await mainFlow(tenant)
  for (const suspend of [true, false, true]) {
    await world.api.patch(syncRef(tenant.namespace), { spec: { suspend } })
    await (suspend ? tenant.reason('Suspended') : tenant.ready())
  }
  await operator?.stop()
  const lines = await world.audit(...ACCOUNT)
  expect(lines.filter(({ isAllowed }) => !isAllowed)).toEqual([])
  const used = new Set(lines.map(({ verb, group, resource }) => `${verb} ${resource} ${group}`))
  const granted = PERMISSIONS.flatMap(({ apiGroups: [group], resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource} ${group}`)),
  )
  const read = ['configmaps ', 'widgets e2e.example.com'].flatMap((kind) => READ_VERBS.map((verb) => `${verb} ${kind}`))
  expect([...used].sort()).toEqual([...new Set([...granted, ...read])].sort())
  // Secrets and the id of the cluster by their names.
  const names = lines.filter(
    ({ resource, verb }) => resource === 'secrets' || (resource === 'namespaces' && verb === 'get'),
  )
  expect([...new Set(names.map(({ name }) => name))].sort()).toEqual(['git-credentials', 'kube-system'])
})

describe('a permission that is taken away', () => {
  /** Takes a rule out of its role; gives what puts it back. */
  async function take(
    scope: Permission['scope'],
    isIt: (rule: any) => boolean,
    asked: Readonly<Record<string, string>>,
  ) {
    const role = await world.api.get(roleRef(scope))
    const rules = role['rules'] as any[]
    expect(rules.filter(isIt)).toHaveLength(1)
    await world.api.patch(roleRef(scope), { rules: rules.filter((rule) => !isIt(rule)) })
    await until(world, ACCOUNT, asked, false)
    return async () => {
      await world.api.patch(roleRef(scope), { rules })
      await until(world, ACCOUNT, asked, true)
    }
  }

  const ruleOf =
    ({ apiGroups, resources, verbs }: Permission) =>
    (rule: any): boolean =>
      isDeepStrictEqual([rule.apiGroups, rule.resources, rule.verbs], [apiGroups, resources, verbs])

  const attributesOf = ({ scope, apiGroups: [group = ''], resources: [resource = ''], verbs }: Permission) => ({
    group,
    resource: resource.split('/')[0] ?? '',
    ...(resource.includes('/') ? { subresource: resource.split('/')[1] ?? '' } : {}),
    verb: verbs.at(-1) ?? '',
    ...(scope === 'own'
      ? { namespace: NAMESPACE }
      : scope === 'system'
        ? { namespace: 'kube-system', name: 'kube-system' }
        : {}),
  })

  test.each(PERMISSIONS)('$name: $without.seen', async (permission) => {
    const { scope, without, resources } = permission
    const giveBack = await take(scope, ruleOf(permission), attributesOf(permission))
    try {
      if (without.seen === 'exit') {
        expect(await lastWords()).toContain(without.text)
        return
      }
      const running = await start()
      const tenant = await newTenant()
      if (without.seen === 'readyz') {
        await waitFor('readyz says so', async () => (await readyz()).startsWith(`503 ${without.text}`))
        await giveBack()
        // It would try again within a minute.
        await operator?.stop()
        await start()
        await waitFor('it is ready', async () => (await readyz()) === '200 ok\n')
        await mainFlow(tenant)
        return
      }
      const flow = mainFlow(tenant)
      flow.catch(() => undefined)
      if (without.seen === 'condition') {
        const { message } = await tenant.reason(without.reason)
        expect(message).toContain(resources[0])
        await giveBack()
        // It heals by itself, and goes on where it was.
        await flow
        await tenant.ready()
      } else if (without.seen === 'log') {
        await waitFor('the log says so', () => running.log().includes(without.text))
        await giveBack()
        await flow
      } else await flow
      expect(await readyz()).toBe('200 ok\n')
    } finally {
      await giveBack()
    }
  })

  test.each(READ_VERBS)('%s of a selected kind: condition', async (verb) => {
    const isIt = (rule: any): boolean => rule.apiGroups.includes('e2e.example.com')
    const role = await world.api.get(roleRef('watched'))
    const rules = role['rules'] as any[]
    const fewer = rules.map((rule) =>
      isIt(rule) ? { ...rule, verbs: READ_VERBS.filter((other) => other !== verb) } : rule,
    )
    const asked = { group: 'e2e.example.com', resource: 'widgets', verb }
    await world.api.patch(roleRef('watched'), { rules: fewer })
    await until(world, ACCOUNT, asked, false)
    try {
      await start()
      const tenant = await newTenant()
      const { namespace } = tenant
      await world.api.create(widget.object(namespace, 'w'))
      await tenant.sync({ resources: [widget.selector] })
      if (verb === 'get') {
        await tenant.ready()
        const { apiVersion, kind } = widget.object(namespace, 'w')
        await world.api.delete({ apiVersion, kind, namespace, name: 'w' })
      }
      const { message } = await tenant.reason('Forbidden')
      expect(message).toContain('widgets')
      if (verb === 'get') expect(await filesOf(tenant)).toContain('widget')
    } finally {
      await world.api.patch(roleRef('watched'), { rules })
      await until(world, ACCOUNT, asked, true)
    }
  })
})

test('the audit page asks whose a token is, and what they may see, with what the chart grants; without it, it says so', async () => {
  const [home, release] = ['audited-home', 'audited'] as const
  const port = await withFreePorts(1, ([free = 0]) => Promise.resolve(free))
  const page = `http://127.0.0.1:${port}/`
  const crds = { enabled: false }
  await world.install(await world.helm(), release, home, {
    crds,
    fullnameOverride: release,
    admissionPolicy: { enabled: false },
    auditPage: { enabled: true, port },
  })
  const running = await start([home, release])
  const tenant = await newTenant('audited')
  await tenant.sync()
  await tenant.ready()
  const rbac = 'rbac.authorization.k8s.io'
  const metadata = { name: 'viewer', namespace: 'audited' }
  await world.api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  const rules = [{ apiGroups: ['gitsync.dev'], resources: ['gitsyncs'], verbs: ['get'] }]
  await world.api.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules })
  const subjects = [{ kind: 'ServiceAccount', ...metadata }]
  const roleRef = { apiGroup: rbac, kind: 'Role', name: 'viewer' }
  await world.api.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects })
  const look = async (): Promise<string> => {
    const path = '/api/v1/namespaces/audited/serviceaccounts/viewer/token'
    const { body } = await world.api.send('POST', path, { spec: {} })
    const answer = await fetch(page, { headers: { authorization: `Bearer ${body.status.token}` } })
    return `${answer.status} ${await answer.text()}`
  }
  await waitFor('the page shows the GitSync', async () => (await look()).includes('audited/sync'))
  const asked = (await world.audit(home, release)).filter(({ resource }) => resource === 'tokenreviews')
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter(({ isAllowed }) => !isAllowed)).toEqual([])

  const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', name: `${release}-${home}` }
  const { rules: all } = await world.api.get(role)
  const fewer = (all as any[]).filter(({ resources }) => !resources.includes('tokenreviews'))
  expect(fewer.length).toBe(all.length - 1)
  await world.api.patch(role, { rules: fewer })
  await until(
    world,
    [home, release],
    { group: 'authentication.k8s.io', resource: 'tokenreviews', verb: 'create' },
    false,
  )
  expect(await look()).toBe('503 the API server cannot be asked whose token this is: try again\n')
  await waitFor('the log says so', () => running.log().includes('the audit page cannot ask the API server'))
})

describe('namespaced mode', () => {
  const install = async (release: string, namespaces: readonly string[], rolesOnly: boolean): Promise<void> => {
    const helm = await world.helm()
    const crds = { enabled: false }
    await world.install(helm, release, `${release}-home`, {
      namespaces,
      crds,
      rbac: { rolesOnly },
      fullnameOverride: release,
      watch: {
        ...WATCH,
        rules: [...WATCH.rules, { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'] }],
      },
      admissionPolicy: { enabled: false },
    })
  }

  test('works with Roles only, and reads these namespaces alone', async () => {
    const [inside, outside] = [await newTenant('inside'), await newTenant('outside')]
    await install('roles-only', ['inside'], true)
    const everywhere = await world.kubectl(['get', 'clusterroles,clusterrolebindings', '--output=name'])
    expect(everywhere).not.toContain('roles-only')
    await start(['roles-only-home', 'roles-only'])
    await world.api.create(configMap('inside', 'settings'))
    await world.api.create(configMap('outside', 'settings'))
    const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' }
    const metadata = { name: 'closed', namespace: 'inside' }
    await world.api.create({ ...policy, metadata, spec: { podSelector: {} } })
    await outside.sync()
    await inside.sync({
      resources: [
        { ...CONFIG_MAPS, namespaces: { names: ['inside', 'outside'] } },
        { group: 'networking.k8s.io', kind: 'NetworkPolicy' },
        { group: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
      ],
    })
    const { message } = await inside.reason('Forbidden')
    expect(message).toContain('in namespace outside is not read by this operator, which has Roles in inside only')
    expect(message).toContain('ClusterRole.rbac.authorization.k8s.io outside namespaces')
    const has = async (...names: string[]): Promise<boolean[]> => {
      const files = await filesOf(inside)
      return names.map((name) => files.includes(`${name}.yaml`))
    }
    await waitFor('the own objects are in Git', async () => !(await has('settings', 'closed')).includes(false))
    await world.api.delete(configMapRef('inside', 'settings'))
    // Built in, though its group has a dot as those of definitions have, which nobody may look at here.
    await world.api.delete({ ...policy, ...metadata })
    await waitFor('and are gone', async () => !(await has('settings', 'closed')).includes(true))
    expect((await world.api.get(syncRef('outside')))['status']).toBeUndefined()
    const lines = await world.audit('roles-only-home', 'roles-only')
    expect(lines.filter(({ isAllowed }) => !isAllowed)).toEqual([])
    expect(new Set(lines.map(({ namespace }) => namespace))).toEqual(
      new Set(['inside', 'kube-system', 'roles-only-home']),
    )
    expect(lines.map(({ resource }) => resource)).toContain(LOCAL_ACCESS_REVIEWS.resources[0])
  })

  test('with a small ClusterRole GitProviders hold there too', async () => {
    const tenant = await newTenant('namespaced')
    await install('two-roles', ['namespaced'], false)
    await start(['two-roles-home', 'two-roles'])
    await mainFlow(tenant)
    const lines = await world.audit('two-roles-home', 'two-roles')
    expect(lines.filter(({ isAllowed }) => !isAllowed)).toEqual([])
    const outside = lines.filter(({ namespace }) => namespace === '').map(({ resource }) => resource)
    const granted = PERMISSIONS.filter(({ scope }) => scope === 'cluster').flatMap(({ resources }) => resources)
    expect([...new Set(outside)].sort()).toEqual([...new Set(granted)].sort())
  })
})
