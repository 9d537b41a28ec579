import { randomUUID } from 'node:crypto'
import { convert } from './convert.ts'
import { withClusterIP, withDefaults } from './defaults.ts'
import { acceptDefinition, checkDefinition, markDefinition } from './definition.ts'
import { ApiError, alreadyExists, badRequest, forbidden, invalid, methodNotAllowed, notFound } from './errors.ts'
import { checkImmutable } from './immutable.ts'
import { copyOf, fieldsOf, isEqual } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import { managedAfter } from './managed-fields.ts'
import { checkName } from './names.ts'
import { keyOf, timestamp, type KubeObject } from './object.ts'
import { DEFINITIONS } from './registry.ts'
import * as rules from './rules.ts'
import { applyDefaults, prune } from './schema.ts'
import { checkStrings, shapeOf } from './shape.ts'
import { Stored, type Store } from './store.ts'
import { validate } from './validate.ts'

export interface WriteOptions {
  /** Field manager; default `unknown`. */
  readonly manager?: string
  /** Check and answer, store nothing. */
  readonly dryRun?: boolean
  /** What happens to unknown fields besides being dropped: Strict refuses, Warn tells `warn`, Ignore nothing. Default Warn. */
  readonly validation?: string
  /** `status` writes only the status, everything else only the rest. */
  readonly subresource?: string
  readonly warn?: (message: string) => void
}

export interface DeleteOptions {
  /** Background (default), Foreground or Orphan. */
  readonly propagationPolicy?: string
  readonly preconditions?: rules.Preconditions
  readonly dryRun?: boolean
}

/** Who carries out the parts of a deletion that concern other objects. */
interface Dependents {
  has(uid: string): boolean
  orphan(uid: string): void
}

export const NAMESPACES = '/namespaces'
export const FOREGROUND = 'foregroundDeletion'

const PERMANENT = new Set(['default', 'kube-system', 'kube-public'])
const NAME_SUFFIX = 'bcdfghjklmnpqrstvwxz2456789'

/** The rules of creating, changing and deleting objects. */
export class Objects {
  readonly store: Store
  readonly #clock: () => Date
  readonly #random: () => number
  #dependents: Dependents = { has: () => false, orphan: () => {} }
  #addresses = 0

  constructor(store: Store, clock: () => Date, random: () => number) {
    this.store = store
    this.#clock = clock
    this.#random = random
  }

  setDependents(dependents: Dependents): void {
    this.#dependents = dependents
  }

  /** Throws ApiError 404. */
  get(resource: Resource, namespace: string, name: string): Stored {
    const stored = this.store.get(resource.storage, keyOf(resource.namespaced ? namespace : '', name))
    if (stored === undefined) throw notFound(resource, name)
    return stored
  }

  /** Throws ApiError as a POST would answer. */
  create(resource: Resource, namespace: string, body: unknown, options: WriteOptions = {}): Stored {
    const given = shapeOf(resource, namespace, body)
    const name = given.metadata.name || this.#generatedName(resource, given.metadata.generateName)
    if (given.metadata.resourceVersion) {
      throw new ApiError(500, 'InternalError', 'resourceVersion should not be set on objects to be created')
    }
    this.#checkPlace(resource, namespace, name)
    const metadata = rules.newMetadata(given.metadata, name)
    metadata.uid = randomUUID()
    metadata.creationTimestamp = timestamp(this.#clock())
    if (resource.generation) metadata.generation = 1
    const { status, ...rest } = given
    const wanted = resource.status || status === undefined ? rest : given
    const object = this.#checked(resource, { ...wanted, metadata }, options)
    const wrongName = checkName(resource, name)
    if (wrongName !== undefined) throw invalid(resource.kind, resource.group, name, [wrongName])
    const existing = this.store.get(resource.storage, keyOf(metadata.namespace, name))
    if (existing !== undefined) {
      throw alreadyExists(resource, name, existing.object.metadata.deletionTimestamp !== undefined)
    }
    return this.#write(resource, object, undefined, options)
  }

  /** Replaces an object by what `change` makes of a copy of it. Throws ApiError as a PUT would answer. */
  update(
    resource: Resource,
    namespace: string,
    name: string,
    change: (current: KubeObject) => unknown,
    options: WriteOptions = {},
  ): Stored {
    const isStatus = options.subresource === 'status'
    const stored = this.get(resource, namespace, name)
    const current = convert(stored.object, resource)
    const given = shapeOf(resource, namespace, change(copyOf(current)))
    rules.checkIdentity(resource, current, given)
    const merged = rules.mergeStatus(resource, current, given, isStatus)
    const kept = { ...merged, metadata: rules.keepServerMetadata(current.metadata, merged.metadata) }
    const next = this.#checked(resource, kept, options, current)
    const frozen = resource.custom === undefined ? checkImmutable(current, next) : []
    const causes = [...frozen, ...rules.checkFinalizers(current, next)]
    if (causes.length > 0) throw invalid(resource.kind, resource.group, name, causes)
    if (isEqual(next, current)) return stored
    if (resource.generation && !isStatus && rules.wantsMore(resource, current, next)) {
      next.metadata.generation = (current.metadata.generation ?? 0) + 1
    }
    if (!rules.isFinished(next)) return this.#write(resource, next, current, options)
    if (options.dryRun !== true) this.store.remove(resource.storage, stored.key)
    return new Stored(stored.key, stored.version, next)
  }

  /** Deletes, or marks for deletion when finalizers or contents are left: `gone` tells which. Throws ApiError 404, 409. */
  delete(
    resource: Resource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): { readonly stored: Stored; readonly gone: boolean } {
    const stored = this.get(resource, namespace, name)
    const { uid = '', finalizers = [], deletionTimestamp } = stored.object.metadata
    const { propagationPolicy, preconditions = {} } = options
    rules.checkPreconditions(resource, stored.object, preconditions)
    if (resource.storage === NAMESPACES && PERMANENT.has(name)) {
      throw forbidden(resource, name, 'this namespace may not be deleted')
    }
    const waits = propagationPolicy === 'Foreground' && !finalizers.includes(FOREGROUND) && this.#dependents.has(uid)
    const marked = this.#marked(resource, stored.object, waits)
    const gone = rules.isFinished(marked)
    if (options.dryRun === true) return { stored, gone }
    if (propagationPolicy === 'Orphan') this.#dependents.orphan(uid)
    if (gone) return { stored: this.store.remove(resource.storage, stored.key) ?? stored, gone }
    if (deletionTimestamp !== undefined && !waits) return { stored, gone }
    return { stored: this.store.put(resource.storage, marked), gone }
  }

  /** The object as it waits for its deletion. */
  #marked(resource: Resource, object: KubeObject, waits: boolean): KubeObject {
    const { deletionTimestamp = timestamp(this.#clock()), generation, finalizers = [] } = object.metadata
    const metadata = { ...object.metadata, deletionTimestamp }
    if (waits) metadata.finalizers = [...finalizers, FOREGROUND]
    if (resource.storage === DEFINITIONS) return markDefinition({ ...object, metadata }, timestamp(this.#clock()))
    if (resource.storage === NAMESPACES) {
      return { ...object, metadata, status: { ...fieldsOf(object['status']), phase: 'Terminating' } }
    }
    metadata.deletionGracePeriodSeconds = 0
    if (generation !== undefined && object.metadata.deletionTimestamp === undefined)
      metadata.generation = generation + 1
    return { ...object, metadata }
  }

  #write(resource: Resource, object: KubeObject, previous: KubeObject | undefined, options: WriteOptions): Stored {
    const { manager = 'unknown', subresource } = options
    object.metadata.managedFields = managedAfter(previous, {
      manager,
      apiVersion: apiVersionOf(resource),
      time: timestamp(this.#clock()),
      ...(subresource === undefined ? {} : { subresource }),
    })
    if (options.dryRun !== true) return this.store.put(resource.storage, object)
    return new Stored(keyOf(object.metadata.namespace, object.metadata.name), this.store.version, object)
  }

  #generatedName(resource: Resource, prefix: string | undefined): string {
    if (prefix === undefined || prefix === '') {
      const message = 'Required value: name or generateName is required'
      throw invalid(resource.kind, resource.group, '', [
        { reason: 'FieldValueRequired', message, field: 'metadata.name' },
      ])
    }
    const letter = (): string => NAME_SUFFIX[Math.floor(this.#random() * NAME_SUFFIX.length)] ?? 'x'
    return prefix.slice(0, 248) + Array.from({ length: 5 }, letter).join('')
  }

  /** The namespace, or the custom kind's definition, must exist and must not be going away. */
  #checkPlace(resource: Resource, namespace: string, name: string): void {
    if (resource.custom !== undefined) {
      const definition = this.store.get(DEFINITIONS, resource.custom.definition)
      if (definition?.object.metadata.deletionTimestamp !== undefined) throw methodNotAllowed(resource, 'create')
    }
    if (!resource.namespaced) return
    const place = this.store.get(NAMESPACES, namespace)
    if (place === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace)
    if (place.object.metadata.deletionTimestamp === undefined) return
    const why = `unable to create new content in namespace ${namespace} because it is being terminated`
    const message = `namespace ${namespace} is being terminated`
    throw forbidden(resource, name, why, [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }])
  }

  /** Pruned, with defaults, and valid. */
  #checked(resource: Resource, object: KubeObject, options: WriteOptions, previous?: KubeObject): KubeObject {
    const unknown = rules.pruneMetadata(object.metadata)
    if (resource.custom === undefined) {
      reportUnknown(resource, unknown, options)
      return this.#checkedBuiltin(resource, object, previous)
    }
    const { schema } = resource.custom
    const next = copyOf(object)
    reportUnknown(resource, [...unknown, ...prune(next, schema).sort()], options)
    applyDefaults(next, schema)
    const causes = validate(next, schema)
    if (causes.length > 0) throw invalid(resource.kind, resource.group, object.metadata.name, causes)
    return next
  }

  #checkedBuiltin(resource: Resource, object: KubeObject, previous: KubeObject | undefined): KubeObject {
    checkStrings(resource, object)
    if (resource.storage === DEFINITIONS) {
      checkDefinition(object)
      return acceptDefinition(object, timestamp(this.#clock()))
    }
    const causes = rules.checkWorkload(object)
    if (causes.length > 0) throw invalid(resource.kind, resource.group, object.metadata.name, causes)
    const next = withDefaults(object)
    return object.kind === 'Service' ? withClusterIP(next, previous, () => ++this.#addresses) : next
  }
}

function reportUnknown(resource: Resource, unknown: readonly string[], options: WriteOptions): void {
  if (unknown.length === 0 || options.validation === 'Ignore') return
  const lines = unknown.map((field) => `unknown field "${field}"`)
  if (options.validation === 'Strict') {
    const { kind, version } = resource
    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${lines.join(', ')}`,
    )
  }
  for (const line of lines) options.warn?.(line)
}
