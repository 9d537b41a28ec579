import { CLEANUP_FINALIZER, terminatingDefinition } from './definition.ts'
import { at, fieldsOf, listOf } from './json.ts'
import type { Resource } from './kinds.ts'
import { FOREGROUND, NAMESPACES, type Objects } from './objects.ts'
import { timestamp, type KubeObject, type OwnerReference } from './object.ts'
import { DEFINITIONS, type Registry } from './registry.ts'
import type { Change } from './store.ts'

interface Place {
  readonly storage: string
  readonly key: string
}

type Task = () => void

/**
 * The controllers without which an API server would not behave as people know it: contents of new and of deleted
 * namespaces, instances of deleted CustomResourceDefinitions, dependents of deleted owners. They act after the write
 * that gives them work, never within it.
 */
export class Controllers {
  readonly #objects: Objects
  readonly #registry: Registry
  readonly #clock: () => Date
  readonly #places = new Map<string, Place>()
  readonly #dependents = new Map<string, Set<string>>()
  readonly #tasks: Task[] = []
  #scheduled = false

  constructor(objects: Objects, registry: Registry, clock: () => Date) {
    this.#objects = objects
    this.#registry = registry
    this.#clock = clock
    objects.setDependents({
      has: (uid) => (this.#dependents.get(uid)?.size ?? 0) > 0,
      orphan: (uid) => this.#eachDependent(uid, (object) => this.#disown(object, uid)),
    })
    objects.store.listen((change) => this.#observe(change))
  }

  /** Does all the work there is. It also happens by itself, soon after each write. */
  settle(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) task()
  }

  #later(task: Task): void {
    this.#tasks.push(task)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.settle()
    })
  }

  #observe({ type, storage, current, previous }: Change): void {
    const { object } = current
    const { uid = '', namespace, ownerReferences = [], deletionTimestamp } = object.metadata
    this.#index({ storage, key: current.key }, object, previous?.object, type === 'DELETED')
    if (type === 'DELETED') {
      if (this.#dependents.has(uid)) this.#later(() => this.#eachDependent(uid, (child) => this.#collect(child)))
      for (const owner of ownerReferences) this.#later(() => this.#finishForeground(owner.uid))
      if (namespace !== undefined) this.#later(() => this.#emptyNamespace(namespace))
      this.#later(() => this.#emptyDefinitionOf(object))
      return
    }
    if (ownerReferences.length > 0) this.#later(() => this.#collect(object))
    if (deletionTimestamp !== undefined && object.metadata.finalizers?.includes(FOREGROUND) === true) {
      this.#later(() => this.#startForeground(uid))
    }
    if (storage === NAMESPACES) this.#later(() => this.#reconcileNamespace(object.metadata.name))
    if (storage === DEFINITIONS && deletionTimestamp !== undefined) {
      this.#later(() => this.#emptyDefinition(object.metadata.name))
    }
  }

  #index(place: Place, object: KubeObject, previous: KubeObject | undefined, isGone: boolean): void {
    const { uid = '' } = object.metadata
    if (isGone) this.#places.delete(uid)
    else this.#places.set(uid, place)
    for (const owner of previous?.metadata.ownerReferences ?? []) {
      const children = this.#dependents.get(owner.uid)
      children?.delete(uid)
      if (children?.size === 0) this.#dependents.delete(owner.uid)
    }
    if (isGone) return
    for (const owner of object.metadata.ownerReferences ?? []) {
      const children = this.#dependents.get(owner.uid) ?? new Set()
      this.#dependents.set(owner.uid, children.add(uid))
    }
  }

  #find(uid: string): KubeObject | undefined {
    const place = this.#places.get(uid)
    return place === undefined ? undefined : this.#objects.store.get(place.storage, place.key)?.object
  }

  #eachDependent(uid: string, act: (object: KubeObject) => void): void {
    for (const child of Array.from(this.#dependents.get(uid) ?? [])) {
      const object = this.#find(child)
      if (object !== undefined) act(object)
    }
  }

  #resourceOf(object: KubeObject): Resource | undefined {
    return this.#registry.findKind(object.apiVersion, object.kind)
  }

  /** Deletes an object all of whose owners are gone; forgets the gone ones of several. */
  #collect({ metadata: { uid = '' } }: KubeObject): void {
    const object = this.#find(uid)
    if (object === undefined) return
    const owners = object.metadata.ownerReferences ?? []
    const gone = owners.filter((owner) => !this.#isAlive(owner, object))
    if (gone.length === 0) return
    if (gone.length === owners.length) this.#delete(object)
    else for (const owner of gone) this.#disown(object, owner.uid)
  }

  #isAlive(owner: OwnerReference, child: KubeObject): boolean {
    const found = this.#find(owner.uid)
    if (found === undefined) return false
    const { namespace } = found.metadata
    return namespace === undefined || namespace === child.metadata.namespace
  }

  #delete(object: KubeObject, propagationPolicy = 'Background'): void {
    const resource = this.#resourceOf(object)
    const { namespace = '', name, deletionTimestamp } = object.metadata
    if (resource === undefined || deletionTimestamp !== undefined) return
    this.#objects.delete(resource, namespace, name, { propagationPolicy })
  }

  #disown({ metadata: { uid: child = '' } }: KubeObject, owner: string): void {
    const object = this.#find(child)
    if (object === undefined) return
    const { ownerReferences = [], ...metadata } = object.metadata
    const left = ownerReferences.filter(({ uid }) => uid !== owner)
    this.#put({ ...object, metadata: left.length === 0 ? metadata : { ...metadata, ownerReferences: left } })
  }

  /** Writes as controllers do, past the rules for users. */
  #put(object: KubeObject): void {
    const place = this.#places.get(object.metadata.uid ?? '')
    if (place !== undefined) this.#objects.store.put(place.storage, object)
  }

  #startForeground(uid: string): void {
    this.#eachDependent(uid, (child) => this.#delete(child, 'Foreground'))
    this.#finishForeground(uid)
  }

  #finishForeground(uid: string): void {
    const owner = this.#find(uid)
    if (owner?.metadata.finalizers?.includes(FOREGROUND) !== true) return
    let isBlocked = false
    this.#eachDependent(uid, (child) => {
      const reference = child.metadata.ownerReferences?.find((candidate) => candidate.uid === uid)
      isBlocked ||= reference?.blockOwnerDeletion === true
    })
    if (!isBlocked) this.#removeFinalizer(owner, FOREGROUND)
  }

  #removeFinalizer(object: KubeObject, finalizer: string): void {
    const resource = this.#resourceOf(object)
    if (resource === undefined) return
    const { namespace = '', name } = object.metadata
    this.#objects.update(resource, namespace, name, (current) => {
      const finalizers = (current.metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer)
      return { ...current, metadata: { ...current.metadata, finalizers } }
    })
  }

  #reconcileNamespace(name: string): void {
    const namespace = this.#objects.store.get(NAMESPACES, name)?.object
    if (namespace === undefined) return
    if (namespace.metadata.deletionTimestamp === undefined) this.#fillNamespace(name)
    else this.#emptyNamespace(name)
  }

  /** What every namespace of a real cluster contains. */
  #fillNamespace(namespace: string): void {
    const contents = [
      { kind: 'ServiceAccount', metadata: { name: 'default' } },
      { kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': '' } },
    ]
    for (const { kind, ...fields } of contents) {
      const resource = this.#registry.findKind('v1', kind)
      if (resource === undefined) continue
      if (this.#objects.store.get(resource.storage, `${namespace}/${fields.metadata.name}`) !== undefined) continue
      this.#objects.create(resource, namespace, fields, { manager: 'kube-controller-manager' })
    }
  }

  #emptyNamespace(name: string): void {
    const namespace = this.#objects.store.get(NAMESPACES, name)?.object
    if (namespace?.metadata.deletionTimestamp === undefined) return
    let left = 0
    for (const storage of new Set(this.#registry.all().map((resource) => resource.storage))) {
      for (const { key, object } of this.#objects.store.all(storage)) {
        if (!key.startsWith(`${name}/`)) continue
        this.#delete(object)
        if (this.#objects.store.get(storage, key) !== undefined) left += 1
      }
    }
    if (left > 0 || !listOf(at(namespace, 'spec', 'finalizers')).includes('kubernetes')) return
    const resource = this.#resourceOf(namespace)
    if (resource === undefined) return
    this.#objects.update(resource, '', name, (current) => {
      const spec = fieldsOf(current['spec'])
      return {
        ...current,
        spec: { ...spec, finalizers: listOf(spec['finalizers']).filter((item) => item !== 'kubernetes') },
      }
    })
  }

  #emptyDefinitionOf(instance: KubeObject): void {
    const definition = this.#resourceOf(instance)?.custom?.definition
    if (definition !== undefined) this.#emptyDefinition(definition)
  }

  #emptyDefinition(name: string): void {
    const definition = this.#objects.store.get(DEFINITIONS, name)?.object
    if (definition?.metadata.deletionTimestamp === undefined) return
    if (!this.#markTerminating(definition)) return
    const storage = `${String(at(definition, 'spec', 'group'))}/${String(at(definition, 'spec', 'names', 'plural'))}`
    for (const { object } of this.#objects.store.all(storage)) this.#delete(object)
    const last = this.#objects.store.get(DEFINITIONS, name)?.object
    if (last !== undefined && this.#objects.store.all(storage).length === 0)
      this.#removeFinalizer(last, CLEANUP_FINALIZER)
  }

  /** True when the definition already says so; otherwise the write brings the caller back here. */
  #markTerminating(definition: KubeObject): boolean {
    const conditions = listOf(at(definition, 'status', 'conditions'))
    if (conditions.some((condition) => at(condition, 'reason') === 'InstanceDeletionInProgress')) return true
    this.#put(terminatingDefinition(definition, timestamp(this.#clock())))
    return false
  }
}
