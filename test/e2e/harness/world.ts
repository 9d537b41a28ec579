import { embeddedControlPlane, realControlPlane } from './control-plane.ts'
import type { ControlPlane } from './control-plane.ts'
import { gerritHost } from './gerrit-host.ts'
import type { GerritHost } from './gerrit-host.ts'
import { giteaHost, httpBackendHost } from './git-host.ts'
import type { GiteaHost, GitHost, HttpBackendHost } from './git-host.ts'
import type { RepositoryOptions } from '../../kit/remote/index.ts'
import { startOperator } from './operator.ts'
import type { Operator, OperatorOptions } from './operator.ts'
import { createTenant } from './tenant.ts'
import type { Tenant, TenantOptions } from './tenant.ts'

/** A control plane, a Git host, and the operator between them. */
export interface World<H extends GitHost = GitHost> extends ControlPlane {
  readonly host: H
  /** The operator that runs now. */
  operator: Operator
  /** Starts another operator on the same cluster; the caller stops it. */
  startOperator(options?: Omit<OperatorOptions, 'kubeconfig'>): Promise<Operator>
  /** What all of its operators have logged, those that have ended too. */
  log(): string
  /** A tenant with a namespace and a repository that no other test uses. */
  tenant(
    name: string,
    options?: TenantOptions & { readonly repository?: RepositoryOptions },
  ): Promise<Tenant<RepositoryOf<H>>>
}

type RepositoryOf<H extends GitHost> = Awaited<ReturnType<H['createRepository']>>

const CONTROL_PLANES = {
  embedded: embeddedControlPlane,
  'kube-apiserver': () => realControlPlane('etcd'),
  'kube-apiserver, etcd 3.4': () => realControlPlane('etcd34'),
}

/** The control planes on which every scenario runs, beside `git http-backend`. */
export const WORLDS = ['embedded', 'kube-apiserver'] as const

export async function startWorld(plane: keyof typeof CONTROL_PLANES): Promise<World<HttpBackendHost>> {
  return await assemble(CONTROL_PLANES[plane], httpBackendHost)
}

export async function startGiteaWorld(plane: keyof typeof CONTROL_PLANES): Promise<World<GiteaHost>> {
  return await assemble(CONTROL_PLANES[plane], giteaHost)
}

export async function startGerritWorld(plane: keyof typeof CONTROL_PLANES): Promise<World<GerritHost>> {
  return await assemble(CONTROL_PLANES[plane], gerritHost)
}

async function assemble<H extends GitHost>(
  makePlane: () => Promise<ControlPlane>,
  makeHost: () => Promise<H>,
): Promise<World<H>> {
  const plane = await makePlane()
  const host = await makeHost().catch(async (error: unknown) => {
    await plane.stop()
    throw error
  })
  const started: Operator[] = []
  const start = async (options: Omit<OperatorOptions, 'kubeconfig'> = {}): Promise<Operator> => {
    const operator = await startOperator({ kubeconfig: plane.kubeconfig, ...options })
    started.push(operator)
    return operator
  }
  const world: World<H> = {
    ...plane,
    host,
    operator: await start(),
    startOperator: start,
    log: () => started.map((operator) => operator.log()).join('\n'),
    async tenant(name, options = {}) {
      const repository = (await host.createRepository(name, options.repository)) as RepositoryOf<H>
      return await createTenant(
        plane.api,
        name,
        { repository, host: host.host, credentials: host.credentials },
        options,
      )
    },
    async stop() {
      await world.operator.stop()
      await host.stop()
      await plane.stop()
    },
  }
  return world
}
