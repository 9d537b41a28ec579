import { customResources } from './definition.ts'
import { BUILTIN, type Resource } from './kinds.ts'
import type { KubeObject } from './object.ts'
import type { Store } from './store.ts'

export const DEFINITIONS = 'apiextensions.k8s.io/customresourcedefinitions'

/** Which resources are served: the builtin ones and those of the stored CustomResourceDefinitions. */
export class Registry {
  readonly #byPath = new Map<string, Resource>(BUILTIN.map((resource) => [pathOf(resource), resource]))
  readonly #byKind = new Map<string, Resource>(BUILTIN.map((resource) => [kindOf(resource), resource]))
  readonly #custom = new Map<string, readonly Resource[]>()
  readonly #removed = new Set<(definition: string) => void>()

  constructor(store: Store) {
    store.listen(({ type, current }) => {
      if (type === 'DELETED') this.#remove(current.object.metadata.name)
      else this.#replace(current.object)
    }, DEFINITIONS)
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`)
  }

  findKind(apiVersion: string, kind: string): Resource | undefined {
    return this.#byKind.get(`${apiVersion.includes('/') ? '' : '/'}${apiVersion}/${kind}`)
  }

  /** Every resource, preferred versions of a group first. */
  all(): Resource[] {
    return [...BUILTIN, ...[...this.#custom.values()].flat()]
  }

  /** Calls back with the name of a CustomResourceDefinition that is gone. */
  onRemoved(listener: (definition: string) => void): void {
    this.#removed.add(listener)
  }

  #replace(definition: KubeObject): void {
    const { name } = definition.metadata
    this.#forget(name)
    const resources = customResources(definition)
    this.#custom.set(name, resources)
    for (const resource of resources) {
      this.#byPath.set(pathOf(resource), resource)
      this.#byKind.set(kindOf(resource), resource)
    }
  }

  #remove(name: string): void {
    this.#forget(name)
    this.#custom.delete(name)
    for (const listener of this.#removed) listener(name)
  }

  #forget(name: string): void {
    for (const resource of this.#custom.get(name) ?? []) {
      this.#byPath.delete(pathOf(resource))
      this.#byKind.delete(kindOf(resource))
    }
  }
}

const pathOf = ({ group, version, plural }: Resource): string => `${group}/${version}/${plural}`
const kindOf = ({ group, version, kind }: Resource): string => `${group}/${version}/${kind}`
