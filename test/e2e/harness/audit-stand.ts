import { realControlPlane } from './control-plane.ts'
import type { ControlPlane } from './control-plane.ts'
import { httpBackendHost } from './git-host.ts'
import type { HttpBackendHost } from './git-host.ts'
import { startOperator } from './operator.ts'
import type { Operator } from './operator.ts'
import { createTenant } from './tenant.ts'
import type { Tenant } from './tenant.ts'
import type { TestRepository } from '../../kit/remote/index.ts'

const RBAC = 'rbac.authorization.k8s.io'
const AUDIENCE = 'gitsync-audit'

/** A real API server, a Git host, and an operator with the audit page. */
export interface AuditStand {
  readonly plane: ControlPlane
  readonly host: HttpBackendHost
  readonly operator: Operator
  /** Base URL of the page. */
  readonly url: string
  /** A namespace with an account `viewer` that may get its GitSyncs. @param repository default: one of its own */
  tenant(name: string, repository?: TestRepository): Promise<Tenant<TestRepository>>
  /** Of the namespace's account `viewer`. @param audience default: the page's */
  token(namespace: string, audience?: string): Promise<string>
  /** All that comes back: status, headers and body. */
  bytes(path: string, headers?: Readonly<Record<string, string>>): Promise<string>
  /** Headers of a browser with that token. */
  as(namespace: string): Promise<Record<string, string>>
  stop(): Promise<void>
}

export async function startAuditStand(): Promise<AuditStand> {
  const [plane, host] = await Promise.all([realControlPlane('etcd'), httpBackendHost()])
  const args = ['--audit-page', '127.0.0.1:0', '--audit-page-audience', AUDIENCE]
  const operator = await startOperator({ kubeconfig: plane.kubeconfig, args })
  const url = `http://${/"auditPage":"([^"]+)"/.exec(operator.log())?.[1] ?? ''}`
  const stand: AuditStand = {
    plane,
    host,
    operator,
    url,
    async tenant(name, given) {
      const repository = given ?? (await host.createRepository(name))
      const { credentials } = host
      const tenant = await createTenant(plane.api, name, { repository, host: host.host, credentials })
      const metadata = { name: 'viewer', namespace: name }
      await plane.api.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
      const rules = [{ apiGroups: ['gitsync.dev'], resources: ['gitsyncs'], verbs: ['get'] }]
      await plane.api.create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules })
      await plane.api.create({
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: 'viewer' },
        subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace: name }],
      })
      return tenant
    },
    async token(namespace, audience = AUDIENCE) {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/viewer/token`
      const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [audience] } }
      const { code, body } = await plane.api.send('POST', path, request)
      if (code !== 201) throw new Error(`no token: ${code} ${JSON.stringify(body)}`)
      return body.status.token as string
    },
    async bytes(path, headers = {}) {
      const response = await fetch(url + path, { headers, redirect: 'manual' })
      return `${response.status}\n${JSON.stringify([...response.headers])}\n${await response.text()}`
    },
    as: async (namespace) => ({ accept: 'text/html', authorization: `Bearer ${await stand.token(namespace)}` }),
    async stop() {
      await operator.stop()
      await host.stop()
      await plane.stop()
    },
  }
  return stand
}
