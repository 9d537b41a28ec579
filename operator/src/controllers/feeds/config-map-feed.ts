import type { DashboardSpec } from '../../api/dashboard.ts'
import { configMapKeys, configMapText } from '../../dashboard/config-map-text.ts'
import { DashboardError } from '../../dashboard/dashboard-error.ts'
import { dashboardFile } from '../../dashboard/dashboard-file.ts'
import { shortHash } from '../../dashboard/dashboard-path.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { ReflectorState } from '../../kube/reflector.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { matchesAny, selects } from '../../plan/selection.ts'
import { clusterFailure } from '../cluster-failure.ts'
import { isAskable } from '../deletion-proof.ts'
import { CONFIGMAPS } from '../known-resources.ts'
import { refuseSensitive } from '../refuse-sensitive.ts'
import { STALE_MS } from '../source.ts'
import type { Problem } from '../step.ts'
import type { FedText, Feed, FeedHandler, Written } from './feed.ts'
import type { FeedSurroundings } from './opening.ts'

/** As the sidecar of Grafana's chart takes it. */
const FOLDER_ANNOTATION = 'grafana_folder'
const KEYS = ['*.json']
/** Keys that a message names. */
const SHOWN = 5
/** Folders of which an annotation may speak. */
const MAX_FOLDERS = 16

export type ConfigMapRef = NonNullable<DashboardSpec['source']['configMapRef']>

/** The dashboards in ConfigMaps of one namespace: one key of one of them, or all of those that are selected. */
export function configMapFeed({ client, clock, configMaps, namespace }: FeedSurroundings, ref: ConfigMapRef): Feed {
  /** Keys by ConfigMap, of those that hold dashboards. */
  const present = new Map<string, ReadonlySet<string>>()
  /** Keys of the ConfigMap that is named; undefined while there is none. */
  let namedKeys: readonly string[] | undefined
  let end: (() => void) | undefined
  let state: ReflectorState | undefined
  let isSynced = false
  /** Since when changes do not come in, milliseconds since the epoch. */
  let awaySince: number | undefined

  const keyOf = (configMap: string, key: string): string => (ref.name === undefined ? `${configMap}/${key}` : '')
  const keysIn = (object: KubernetesObject): ReadonlySet<string> => {
    const { key, labelSelector, keys = KEYS } = ref
    if (!selects({ group: '', kind: CONFIGMAPS.kind, labelSelector }, object)) return new Set()
    return new Set(configMapKeys(object).filter((each) => (key === undefined ? matchesAny(keys, each) : each === key)))
  }

  const tell = (handler: FeedHandler, by: Written): void => {
    const { object } = by
    const { name } = object.metadata
    namedKeys = configMapKeys(object)
    const before = present.get(name) ?? new Set()
    const now = keysIn(object)
    if (now.size === 0) present.delete(name)
    else present.set(name, now)
    for (const key of now) handler.told(toDashboard(object, key, keyOf(name, key), ref), by)
    for (const key of before) if (!now.has(key)) handler.gone(keyOf(name, key), { by })
    if (ref.name !== undefined) handler.stateChanged()
  }
  const forget = (name: string): readonly string[] => {
    const keys = [...(present.get(name) ?? [])].map((key) => keyOf(name, key))
    present.delete(name)
    if (name === ref.name) namedKeys = undefined
    return keys
  }

  const get = async (name: string): Promise<KubernetesObject | undefined> => {
    try {
      return await client.get(CONFIGMAPS, namespace, name)
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw clusterFailure(`cannot read ConfigMap ${namespace}/${name}`, error)
    }
  }
  const nameOf = (key: string): readonly [configMap: string, key: string] => {
    const slash = key.indexOf('/')
    return ref.name === undefined ? [key.slice(0, slash), key.slice(slash + 1)] : [ref.name, ref.key ?? '']
  }

  return {
    open(handler) {
      end = configMaps.follow(ref.name, {
        onObject: (written) => tell(handler, written),
        onDelete(object) {
          for (const key of forget(object.metadata.name)) handler.gone(key, { deleted: object })
          handler.stateChanged()
        },
        onSynced({ vanished }) {
          for (const name of vanished)
            for (const key of forget(name.slice(name.indexOf('/') + 1))) handler.vanished(key)
          isSynced = true
          handler.synced()
        },
        onState(now) {
          state = now
          awaySince = now.phase === 'Watching' ? undefined : (awaySince ?? now.since)
          handler.stateChanged()
        },
      })
    },
    close: () => end?.(),
    get current() {
      return isSynced && state?.phase === 'Watching'
    },
    get problem() {
      if (state?.phase === 'Forbidden') return unreadable('Forbidden', state)
      // Most watches that end come back after one try.
      const isStale = awaySince !== undefined && clock.now() - awaySince > STALE_MS
      if (state?.lastError !== undefined && (isStale || (!isSynced && state.phase !== 'Watching')))
        return unreadable('ClusterUnavailable', state)
      return isSynced && ref.name !== undefined ? missing(namespace, ref, namedKeys) : undefined
    },
    async read(key) {
      const [name, own] = nameOf(key)
      const object = await get(name)
      return object !== undefined && keysIn(object).has(own) ? toDashboard(object, own, key, ref) : undefined
    },
    async isGone(key) {
      // The Dashboard names it: that it is missing is a mistake, or will be mended.
      if (ref.name !== undefined) return false
      const [name, own] = nameOf(key)
      if (!isAskable(name)) return false
      const object = await get(name)
      return object === undefined || !keysIn(object).has(own)
    },
  }
}

function toDashboard(object: KubernetesObject, own: string, key: string, ref: ConfigMapRef): FedText {
  const { name, annotations = {}, resourceVersion = '' } = object.metadata
  const annotation = ref.folderAnnotation ?? FOLDER_ANNOTATION
  const folder = Object.hasOwn(annotations, annotation) ? (annotations[annotation] ?? '') : ''
  const bare = own.replace(/(?:\.json)?(?:\.gz)?$/, '')
  return {
    key,
    version: resourceVersion,
    make({ datasources, protection }) {
      refuseSensitive(object, protection)
      const text = configMapText(object, own)
      if (text === undefined) throw new DashboardError(`ConfigMap ${name} has no key ${own}`)
      return dashboardFile(text, datasources)
    },
    folders: folder
      .split('/')
      .map((part) => part.trim())
      .filter((part) => !/^\.{0,2}$/.test(part))
      .slice(0, MAX_FOLDERS),
    variables: { configMap: name, key: bare },
    fallback: bare || name,
    suffix: shortHash(key),
  }
}

const unreadable = (reason: 'Forbidden' | 'ClusterUnavailable', { lastError }: ReflectorState): Problem => ({
  reason,
  message: `the operator cannot list or watch ConfigMap: ${lastError?.message ?? 'forbidden'}`,
})

function missing(
  namespace: string,
  { name = '', key = '' }: ConfigMapRef,
  keys: readonly string[] | undefined,
): Problem | undefined {
  if (keys === undefined)
    return {
      reason: 'ConfigMapNotFound',
      message: `spec.source.configMapRef.name: ConfigMap ${name} does not exist in namespace ${namespace}; the file stays`,
    }
  if (keys.includes(key)) return undefined
  const shown = keys.slice(0, SHOWN).join(', ')
  const has =
    keys.length === 0 ? 'no keys at all' : `${shown}${keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : ''}`
  return {
    reason: 'ConfigMapNotFound',
    message: `spec.source.configMapRef.key: ConfigMap ${name} has no key ${key}, but ${has}; the file stays`,
  }
}
