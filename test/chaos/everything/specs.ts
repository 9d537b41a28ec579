import type { Random } from '../random.ts'

/** Namespaces that objects live in; the GitSyncs are in a namespace of their own. */
export const NAMESPACES = ['n1', 'n2', 'n3'] as const
export const HOME = 'home'
export const WIDGETS = 'widgets.example.com'

/** In every Secret: nowhere in Git. */
export const SECRET = 'hush-7b1f-never-in-git'

/** Kinds that people make objects of. */
export const KINDS = [
  { group: '', apiVersion: 'v1', kind: 'ConfigMap' },
  { group: '', apiVersion: 'v1', kind: 'Service' },
  { group: '', apiVersion: 'v1', kind: 'Secret' },
  { group: 'apps', apiVersion: 'apps/v1', kind: 'Deployment' },
  { group: 'example.com', apiVersion: 'example.com/v1', kind: 'Widget' },
] as const
export type Kind = (typeof KINDS)[number]

export interface Condition {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values?: readonly string[]
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly Condition[]
}

export interface Entry {
  readonly group?: string
  readonly kind: string
  readonly scope?: 'Namespaced'
  readonly names?: readonly string[]
  readonly namespaces: { readonly names: readonly string[] } | { readonly selector: LabelSelector }
  readonly labelSelector?: LabelSelector
  readonly fieldSelector?: { readonly matchFields: readonly Condition[] }
  readonly owned?: 'Include' | 'Exclude'
}

export interface Exclusion {
  readonly group?: string
  readonly kind?: string
  readonly names?: readonly string[]
  readonly namespaces?: { readonly names: readonly string[] }
  readonly labelSelector?: LabelSelector
}

/** The parts of a GitSync's spec that are drawn. */
export interface Spec {
  readonly repository: { readonly url: string; readonly branch: string; readonly path: string }
  readonly serviceAccountName: string
  readonly resources: readonly Entry[]
  readonly exclude?: readonly Exclusion[]
  readonly ignore: readonly string[]
  readonly prune: 'Owned' | 'Observed' | 'Never' | 'Always'
  readonly onDrift: 'Overwrite' | 'Adopt'
  readonly layout: {
    readonly template: string
    readonly documents?: 'Many'
    readonly format?: 'JSON'
    readonly existing: 'Edit' | 'Replace'
  }
  readonly commit: { readonly window: string; readonly maxLatency: string; readonly perObject?: boolean }
  readonly interval: string
  readonly suspend?: boolean
}

const LAYOUTS: readonly Omit<Spec['layout'], 'existing'>[] = [
  { template: '{namespace}/{type}/{name}.yaml' },
  { template: '{namespace}/{name}.{type}.yaml' },
  { template: '{type}/{namespace}.{name}.json', format: 'JSON' },
  { template: '{namespace}/{type}.yaml', documents: 'Many' },
  { template: '{namespace}.yaml', documents: 'Many' },
]

/** Folders, one below another among them only by name. */
const FOLDERS = ['sync', 'sync-1', 'deep/er/sync', 'other']

export function drawEntries(random: Random): Entry[] {
  const one = (): Entry => {
    const namespaces: Entry['namespaces'] = random.pick([
      { names: ['n1', 'n2'] },
      { names: ['n1', 'n2', 'n3'] },
      { names: ['n1', 'n2', 'n3'] },
      { selector: { matchLabels: { team: 'red' } } },
      { selector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } },
    ])
    const labelSelector: LabelSelector | undefined = random.pick([
      undefined,
      { matchLabels: { tier: 'one' } },
      { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['two'] }] },
    ])
    const more = { namespaces, ...(labelSelector === undefined ? {} : { labelSelector }) }
    return random.pick<Entry>([
      { kind: 'ConfigMap', ...more },
      { kind: 'ConfigMap', names: ['a*', 'b1'], ...more },
      { kind: 'ConfigMap', owned: 'Exclude', ...more },
      {
        kind: 'Service',
        fieldSelector: { matchFields: [{ key: 'spec.type', operator: 'In', values: ['NodePort'] }] },
        ...more,
      },
      {
        group: 'apps',
        kind: 'Deployment',
        fieldSelector: { matchFields: [{ key: 'spec.replicas', operator: 'NotIn', values: ['0', '1'] }] },
        ...more,
      },
      { group: 'example.com', kind: 'Widget', ...more },
      { group: 'example.com', kind: '*', ...more },
      { group: '', kind: '*', scope: 'Namespaced', ...more },
      { group: '*', kind: '*', scope: 'Namespaced', ...more },
    ])
  }
  return Array.from({ length: 1 + random.int(3) }, one)
}

export function drawSpec(random: Random, index: number, url: string): Spec {
  const exclude = random.pick<readonly Exclusion[] | undefined>([
    undefined,
    [{ kind: 'ConfigMap', names: ['*-tmp'] }],
    [{ labelSelector: { matchLabels: { skip: 'yes' } } }, { namespaces: { names: ['n3'] } }],
  ])
  return {
    repository: {
      url,
      branch: index === 3 && random.next() < 0.5 ? 'aside' : 'main',
      path: FOLDERS[index] ?? `f${index}`,
    },
    serviceAccountName: `auditor-${index}`,
    resources: drawEntries(random),
    ...(exclude === undefined ? {} : { exclude }),
    ignore: random.next() < 0.3 ? ['/data/noise'] : [],
    prune: random.pick(['Owned', 'Owned', 'Owned', 'Observed', 'Never', 'Always', 'Always']),
    onDrift: random.pick(['Overwrite', 'Overwrite', 'Adopt']),
    layout: { ...random.pick(LAYOUTS), existing: random.pick(['Edit', 'Edit', 'Replace']) },
    commit: {
      window: random.pick(['50ms', '200ms']),
      maxLatency: '1s',
      ...(random.next() < 0.2 ? { perObject: true } : {}),
    },
    interval: random.pick(['24h', '24h', '2s']),
  }
}
