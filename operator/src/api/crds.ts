/** The CustomResourceDefinitions, built from the schemas. */
import type { z } from 'zod'
import type { KubernetesObject } from '../objects/object.ts'
import { dashboardSpecSchema, dashboardStatusSchema } from './dashboard.ts'
import { gitProviderSpecSchema } from './gitprovider.ts'
import { gitSyncSpecSchema, gitSyncStatusSchema } from './gitsync.ts'
import { toStructural, type StructuralSchema } from './structural.ts'

const API_GROUP = 'gitsync.dev'
const API_VERSION = 'v1alpha1'

interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly jsonPath: string
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: 0 | 1
}

interface KindDefinition {
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly scope: 'Namespaced' | 'Cluster'
  readonly description: string
  readonly spec: z.ZodType
  readonly status?: z.ZodType
  readonly columns: readonly Column[]
}

const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }
const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`

const KINDS: readonly KindDefinition[] = [
  {
    kind: 'GitSync',
    plural: 'gitsyncs',
    singular: 'gitsync',
    shortNames: ['gsync'],
    categories: ['gitops-sync'],
    scope: 'Namespaced',
    description: 'GitSync writes selected objects of the cluster to a folder of a Git repository.',
    spec: gitSyncSpecSchema,
    status: gitSyncStatusSchema,
    columns: [
      { name: 'Ready', type: 'string', jsonPath: ready('status') },
      { name: 'Status', type: 'string', jsonPath: ready('reason') },
      { name: 'Commit', type: 'string', jsonPath: '.status.lastCommit.sha' },
      age,
      { name: 'Branch', type: 'string', jsonPath: '.status.branch', priority: 1 },
      { name: 'Files', type: 'integer', jsonPath: '.status.files', priority: 1 },
      { name: 'Pending', type: 'integer', jsonPath: '.status.pending', priority: 1 },
    ],
  },
  {
    kind: 'GitProvider',
    plural: 'gitproviders',
    singular: 'gitprovider',
    scope: 'Cluster',
    description: 'GitProvider says what Git hosts allow. Only platform teams should be allowed to write it.',
    spec: gitProviderSpecSchema,
    columns: [{ name: 'Hosts', type: 'string', jsonPath: '.spec.hosts' }, age],
  },
  {
    kind: 'Dashboard',
    plural: 'dashboards',
    singular: 'dashboard',
    shortNames: ['gdash'],
    categories: ['gitops-sync'],
    scope: 'Namespaced',
    description: 'Dashboard is a dashboard of Grafana that a GitSync writes as a file which Grafana imports again.',
    spec: dashboardSpecSchema,
    status: dashboardStatusSchema,
    columns: [
      { name: 'Ready', type: 'string', jsonPath: ready('status') },
      { name: 'Path', type: 'string', jsonPath: '.status.path' },
      { name: 'Title', type: 'string', jsonPath: '.status.title' },
      age,
      { name: 'Status', type: 'string', jsonPath: ready('reason'), priority: 1 },
      { name: 'Files', type: 'integer', jsonPath: '.status.files', priority: 1 },
      { name: 'Failed', type: 'integer', jsonPath: '.status.failed', priority: 1 },
    ],
  },
]

/** File name in `crds/` → definition. */
export function customResourceDefinitions(): ReadonlyMap<string, KubernetesObject> {
  return new Map(KINDS.map((kind) => [`${API_GROUP}_${kind.plural}.yaml`, definition(kind)]))
}

function definition(kind: KindDefinition): KubernetesObject {
  const { kind: kindName, plural, singular, shortNames, categories, scope, status } = kind
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${API_GROUP}` },
    spec: {
      group: API_GROUP,
      scope,
      names: {
        kind: kindName,
        listKind: `${kindName}List`,
        plural,
        singular,
        ...(shortNames === undefined ? {} : { shortNames }),
        ...(categories === undefined ? {} : { categories }),
      },
      versions: [
        {
          name: API_VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.columns,
          ...(status === undefined ? {} : { subresources: { status: {} } }),
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
      ],
    },
  }
}

function objectSchema({ description, spec, status }: KindDefinition): StructuralSchema {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: toStructural(spec),
      ...(status === undefined ? {} : { status: toStructural(status) }),
    },
  }
}
