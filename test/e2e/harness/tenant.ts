import type { Api, KubeObject } from './api.ts'
import { conditionOf, gitsync, syncRef } from './gitsync.ts'
import type { Condition, GitSyncOptions } from './gitsync.ts'
import type { Repository } from './git-host.ts'
import { waitFor } from './wait-for.ts'
import type { WaitOptions } from './wait-for.ts'

export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
}

export interface TenantOptions {
  /** What its account may list and watch in its namespace; default everything. */
  readonly rules?: readonly Rule[]
}

/** A namespace with an account, a Secret for the Git host, and a repository of its own. */
export interface Tenant<R extends Repository = Repository> {
  readonly namespace: string
  readonly repository: R
  /** Makes a GitSync in this namespace, for this repository unless told otherwise. */
  sync(options?: Partial<GitSyncOptions>): Promise<KubeObject>
  /** Waits until Ready is True for the spec as it is. */
  ready(name?: string, options?: WaitOptions): Promise<KubeObject>
  /** Waits until Ready has this reason for the spec as it is; gives the condition. */
  reason(reason: string, name?: string, options?: WaitOptions): Promise<Condition>
  /** Asks the operator to look now, by a new value of the annotation; gives that value. */
  request(name?: string): Promise<string>
  /** The same, and waits until the GitSync `sync` has been looked at and is Ready. */
  look(): Promise<KubeObject>
  /** Waits until the branch has a commit whose message matches; gives its id. */
  committed(message: RegExp, branch?: string): Promise<string>
  /** Waits until so many commits of main touch a path; gives a line for each, oldest first, in a format of `git log`. */
  history(path: string, count: number, format?: string): Promise<string[]>
}

const EVERYTHING: readonly Rule[] = [{ apiGroups: ['*'], resources: ['*'] }]
let requests = 0

export async function createTenant<R extends Repository>(
  api: Api,
  namespace: string,
  place: { readonly repository: R; readonly host: string; readonly credentials: Readonly<Record<string, string>> },
  { rules = EVERYTHING }: TenantOptions = {},
): Promise<Tenant<R>> {
  const { repository, host, credentials } = place
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await ensureAccount(api, namespace)
  await grant(api, namespace, rules)
  await api.create(credentialSecret(namespace, host, credentials))
  const get = (name?: string): Promise<KubeObject> => api.get(syncRef(namespace, name))
  const tenant: Tenant<R> = {
    namespace,
    repository,
    sync: (options = {}) => api.create(gitsync({ namespace, url: repository.url, ...options })),
    ready: (name, options) =>
      waitForSync(
        `GitSync ${namespace}/${name ?? 'sync'} is Ready`,
        () => get(name),
        (object) => (conditionOf(object, 'Ready')?.status === 'True' ? object : undefined),
        options,
      ),
    reason: (reason, name, options) =>
      waitForSync(
        `GitSync ${namespace}/${name ?? 'sync'} is ${reason}`,
        () => get(name),
        (object) => {
          const ready = conditionOf(object, 'Ready')
          return ready?.reason === reason ? ready : undefined
        },
        options,
      ),
    async request(name) {
      requests += 1
      const value = `request-${requests}`
      await api.patch(syncRef(namespace, name), { metadata: { annotations: { 'gitsync.dev/requested-at': value } } })
      return value
    },
    async look() {
      const request = await tenant.request()
      return await waitFor('the look is done', async () => {
        const object = await tenant.ready()
        return object['status'].lastHandledRequest === request && object
      })
    },
    committed: (message, branch = 'main') =>
      waitFor(`a commit ${String(message)} on ${branch}`, async () => {
        const log = await repository.git('log', '--format=%H%x1f%B%x1e', branch)
        const found = log.split('\x1e').find((entry) => message.test(entry.split('\x1f')[1] ?? ''))
        if (found === undefined) throw new Error(log.replaceAll('\x1e', ' ').replaceAll('\x1f', ' '))
        return found.trim().split('\x1f')[0]
      }),
    history: (path, count, format = '%an') =>
      waitFor(`${count} commits of ${path}`, async () => {
        const log = await repository.git('log', '--reverse', `--format=%x1e${format}`, 'main', '--', path)
        const [, ...lines] = log.split('\x1e').map((line) => line.trim())
        if (lines.length < count) throw new Error(log)
        return lines
      }),
  }
  return tenant
}

export function credentialSecret(
  namespace: string,
  hosts: string,
  stringData: Readonly<Record<string, string>>,
  name = 'git-credentials',
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { 'gitsync.dev/credential': 'true' },
      annotations: { 'gitsync.dev/hosts': hosts },
    },
    type: 'Opaque',
    stringData,
  }
}

/** Lets the namespace's account list and watch there, and waits until the API server agrees. */
export async function grant(api: Api, namespace: string, rules: readonly Rule[], name = 'auditor'): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io'
  const withVerbs = rules.map((rule) => ({ ...rule, verbs: ['list', 'watch'] }))
  const subjects = [{ kind: 'ServiceAccount', name: 'auditor', namespace }]
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata: { name, namespace }, rules: withVerbs })
  const roleRef = { apiGroup: rbac, kind: 'Role', name }
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name, namespace }, roleRef, subjects })
  for (const { apiGroups, resources } of rules) {
    for (const group of apiGroups)
      for (const resource of resources) await mayRead(api, namespace, group, resource, true)
  }
}

/** Lets the namespace's account list and watch kinds of the whole cluster. */
export async function grantCluster(api: Api, namespace: string, rule: Rule): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io'
  const name = `auditor-${namespace}`
  const subjects = [{ kind: 'ServiceAccount', name: 'auditor', namespace }]
  const rules = [{ ...rule, verbs: ['list', 'watch'] }]
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
  const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name }
  await api.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects })
  for (const group of rule.apiGroups) {
    for (const resource of rule.resources) await mayRead(api, namespace, group, resource, true, '')
  }
}

/** Waits until the API server's authorizer knows what was granted or taken away: it learns that by its own watches. */
export async function mayRead(
  api: Api,
  home: string,
  group: string,
  resource: string,
  wanted: boolean,
  where = home,
): Promise<void> {
  await waitFor(`the account of ${home} ${wanted ? 'may' : 'may not'} read ${resource}`, async () => {
    const { body } = await api.send('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${home}:auditor`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'],
        resourceAttributes: { namespace: where, verb: 'watch', group, version: '*', resource },
      },
    })
    return body.status.allowed === wanted
  })
}

async function ensureAccount(api: Api, namespace: string): Promise<void> {
  await api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'auditor', namespace } })
}

async function waitForSync<T>(
  what: string,
  get: () => Promise<KubeObject>,
  pick: (object: KubeObject) => T | undefined,
  options: WaitOptions = {},
): Promise<T> {
  return await waitFor(
    what,
    async () => {
      const object = await get()
      const picked = pick(object)
      if (picked === undefined) throw new Error(JSON.stringify(object['status']))
      return picked
    },
    options,
  )
}
