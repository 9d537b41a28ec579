import { Authenticator, type TokenUser } from './authenticate.ts'
import { createFaults, type FaultState } from './faults.ts'
import { Controllers } from './gc.ts'
import { fieldsOf, textOf, type Fields } from './json.ts'
import { Objects } from './objects.ts'
import { Authorizer } from './rbac.ts'
import { Registry } from './registry.ts'
import { SEED } from './seed.ts'
import { Store } from './store.ts'
import { Watches } from './watch.ts'

interface ClusterOptions {
  readonly clock: () => Date
  readonly random: () => number
  readonly historyLimit: number
  readonly tokens?: Readonly<Record<string, TokenUser>>
  readonly crds: readonly object[]
}

/** The parts of one server. */
export interface Cluster {
  readonly store: Store
  readonly registry: Registry
  readonly objects: Objects
  readonly controllers: Controllers
  readonly authorizer: Authorizer
  readonly authenticator: Authenticator
  readonly watches: Watches
  readonly faults: FaultState
  readonly clock: () => Date
}

/** A cluster with what a new one contains. Throws ApiError for a CustomResourceDefinition that can't be served. */
export function createCluster(options: ClusterOptions): Cluster {
  const { clock, random, historyLimit, tokens, crds } = options
  const store = new Store(historyLimit)
  const registry = new Registry(store)
  const objects = new Objects(store, clock, random)
  const controllers = new Controllers(objects, registry, clock)
  const watches: Watches = new Watches(store, () => faults, clock)
  const faults = createFaults({
    dropWatches: (match) => watches.drop(match),
    releaseWatches: () => watches.release(),
    forgetHistory: () => store.forget(),
  })
  registry.onRemoved((definition) => watches.closeCustom(definition))
  const cluster: Cluster = {
    store,
    registry,
    objects,
    controllers,
    watches,
    faults,
    clock,
    authorizer: new Authorizer(store),
    authenticator: new Authenticator(tokens),
  }
  for (const object of [...SEED, ...crds]) createAny(cluster, object as Fields)
  controllers.settle()
  return cluster
}

function createAny({ registry, objects }: Cluster, object: Fields): void {
  const resource = registry.findKind(textOf(object['apiVersion']), textOf(object['kind']))
  if (resource === undefined) {
    throw new TypeError(
      `crds: ${textOf(object['apiVersion'])}/${textOf(object['kind'])} is not served: give apiextensions.k8s.io/v1 CustomResourceDefinition objects`,
    )
  }
  objects.create(resource, textOf(fieldsOf(object['metadata'])['namespace']), object, { manager: 'kube-apiserver' })
}
