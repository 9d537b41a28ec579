/** The kind Dashboard: a dashboard that a GitSync writes as a file of its own. */
import { z } from 'zod'
import { observedState } from './conditions.ts'
import { objectName } from './fields.ts'
import { grafana } from './grafana-source.ts'
import { labelSelector } from './label-selector.ts'
import { pathTemplate } from './path-template.ts'
import { mustMatch, withRule } from './rules.ts'

/** Longest text of a dashboard, in characters: an API server takes objects of about 1.5 MB. */
const JSON_MAX = 1_048_576

const configMapKey = (description: string): z.ZodString =>
  mustMatch(
    z.string().min(1).max(253).meta({ description }),
    /^[-._a-zA-Z0-9]+$/,
    'must be a key of a ConfigMap: letters, digits, - . and _',
  )
const keyGlob = mustMatch(
  z.string().min(1).max(253),
  /^[-._a-zA-Z0-9*]+$/,
  'must be a key of a ConfigMap; * stands for any characters',
)

const configMapRefFields = z.object({
  name: objectName('One dashboard: the ConfigMap of this namespace that holds it.').optional(),
  key: configMapKey(
    'Key of data or binaryData in it, with the text of a dashboard; that may be compressed with gzip.',
  ).optional(),
  labelSelector: labelSelector('Many dashboards: all ConfigMaps of this namespace whose labels match.', 16).optional(),
  keys: z
    .array(keyGlob)
    .min(1)
    .max(16)
    .meta({
      description:
        'With labelSelector: which of their keys are dashboards; * stands for any characters. Default *.json.',
      'x-kubernetes-list-type': 'set',
    })
    .optional(),
  folderAnnotation: mustMatch(
    z.string().min(1).max(317).meta({
      description:
        'With labelSelector: annotation of a ConfigMap that names the folder of its dashboards, parts divided by /. Default grafana_folder.',
    }),
    /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
    'must be the name of an annotation such as grafana_folder or example.com/folder',
  ).optional(),
})
type ConfigMapRef = z.output<typeof configMapRefFields>

const configMapRef = [
  {
    cel: 'has(self.name) != has(self.labelSelector)',
    test: ({ name, labelSelector }: ConfigMapRef) => (name === undefined) !== (labelSelector === undefined),
    message: 'give either name (with key) or labelSelector',
  },
  {
    cel: 'has(self.name) == has(self.key)',
    test: ({ name, key }: ConfigMapRef) => (name === undefined) === (key === undefined),
    message: 'name and key go together',
  },
  {
    cel: 'has(self.labelSelector) || !(has(self.keys) || has(self.folderAnnotation))',
    test: ({ labelSelector, keys, folderAnnotation }: ConfigMapRef) =>
      labelSelector !== undefined || (keys === undefined && folderAnnotation === undefined),
    message: 'keys and folderAnnotation go with labelSelector',
  },
]
  .reduce((schema, rule) => withRule(schema, rule), configMapRefFields)
  .meta({ description: 'Dashboards in ConfigMaps; the ServiceAccount of the GitSync must be allowed to read these.' })

const source = withRule(
  z.object({
    json: z
      .string()
      .min(1)
      .max(JSON_MAX)
      .meta({ description: 'The dashboard as Grafana exports it, as text: every number stays as it is spelt.' })
      .optional(),
    model: z
      .looseObject({})
      .meta({
        description:
          'The dashboard as an object. The API server keeps no number beyond 64 bits and no spelling such as 1.0: use json where that matters.',
        'x-kubernetes-preserve-unknown-fields': true,
      })
      .optional(),
    configMapRef: configMapRef.optional(),
    grafana: grafana.optional(),
  }),
  {
    cel: '[has(self.json), has(self.model), has(self.configMapRef), has(self.grafana)].filter(given, given).size() == 1',
    test: (source) => Object.values(source).filter((value) => value !== undefined).length === 1,
    message: 'give one of json, model, configMapRef and grafana',
  },
).meta({ description: 'Where the dashboard comes from.' })

const path = pathTemplate({
  description:
    'File below the folder of the GitSync. When left out: dashboards/, the title in lower-case letters and digits, and .json; it moves when the title changes. Where source stands for many dashboards it has variables: {title}, {uid}, {folder} alone between slashes, and of ConfigMaps {configMap} and {key}. Default then: dashboards/{folder}/{title}.json.',
  ending: 'json',
  variables: ['title', 'uid', 'configMap', 'key'],
  example: 'dashboards/{folder}/{title}.json',
})

const datasource = z
  .object({
    uid: z.string().min(1).max(200).meta({ description: 'Uid of a data source in the dashboards.' }),
    input: mustMatch(
      z
        .string()
        .min(1)
        .max(128)
        .meta({ description: 'Name of the input that stands for it in the file: DS_PROMETHEUS.' }),
      /^DS_[A-Z0-9_]+$/,
      'must be the name of an input such as DS_PROMETHEUS',
    ),
    pluginId: mustMatch(
      z.string().min(1).max(128).meta({ description: 'Plugin of the data source: prometheus.' }),
      /^[a-z0-9][a-z0-9-]*$/,
      'must be the id of a plugin such as prometheus',
    ),
    label: z.string().min(1).max(128).meta({ description: 'What Grafana asks for by. Default: input.' }).optional(),
  })
  .meta({ description: 'One data source.' })
type Datasources = readonly z.output<typeof datasource>[]

const datasources = withRule(
  z.array(datasource).min(1).max(32).meta({
    description:
      'Data sources that are named by inputs, as in what Grafana exports for sharing: whoever imports the file says which to take.',
    'x-kubernetes-list-type': 'atomic',
  }),
  {
    cel: 'self.all(one, self.exists_one(other, other.uid == one.uid) && self.exists_one(other, other.input == one.input))',
    test: (list: Datasources) =>
      (['uid', 'input'] as const).every((field) => new Set(list.map((one) => one[field])).size === list.length),
    message: 'each uid and each input stands once',
  },
)

const specFields = z
  .object({
    syncRef: z
      .object({ name: objectName('Name of a GitSync of this namespace.') })
      .meta({ description: 'GitSync that writes the file.' }),
    path: path.optional(),
    source,
    datasources: datasources.optional(),
  })
  .meta({ description: 'What to write, and by which GitSync.' })

/** Whether a Dashboard stands for many files. */
export const standsForMany = ({ configMapRef, grafana }: z.output<typeof source>): boolean =>
  configMapRef?.labelSelector !== undefined || (grafana !== undefined && grafana.uid === undefined)

/** Whether files of it are something else than dashboards. */
export const hasMoreThanDashboards = ({ grafana }: z.output<typeof source>): boolean =>
  grafana?.alertRules !== undefined || grafana?.libraryPanels !== undefined

export const dashboardSpecSchema = [
  {
    cel: "!has(self.path) || self.path.contains('{') == (has(self.source.configMapRef) && has(self.source.configMapRef.labelSelector) || has(self.source.grafana) && !has(self.source.grafana.uid))",
    test: ({ path, source }: z.output<typeof specFields>) =>
      path === undefined || path.includes('{') === standsForMany(source),
    message:
      'path has variables such as {title} where source stands for many dashboards (labelSelector, or folder, tag and all of grafana), and only there',
    field: 'path',
  },
  {
    cel: "!has(self.path) || has(self.source.configMapRef) || !(self.path.contains('{configMap}') || self.path.contains('{key}'))",
    test: ({ path = '', source }: z.output<typeof specFields>) =>
      source.configMapRef !== undefined || !/\{(configMap|key)\}/.test(path),
    message: '{configMap} and {key} are of ConfigMaps',
    field: 'path',
  },
  {
    cel: "!has(self.datasources) || !has(self.source.grafana) || self.source.grafana.schema != 'V2'",
    test: ({ datasources, source }: z.output<typeof specFields>) =>
      datasources === undefined || source.grafana?.schema !== 'V2',
    message: 'a dashboard in schema V2 has no inputs: leave datasources out',
    field: 'datasources',
  },
].reduce((schema, rule) => withRule(schema, rule), specFields)

export const dashboardStatusSchema = z
  .object({
    ...observedState,
    path: z.string().max(2048).meta({ description: 'File in the repository, as it was last written.' }).optional(),
    oid: z.string().max(64).meta({ description: 'Id of its content in Git (a blob).' }).optional(),
    title: z.string().max(1024).meta({ description: 'Title of the dashboard in it.' }).optional(),
    sourceUrl: z
      .string()
      .max(2304)
      .meta({ description: 'With source.grafana: address of the dashboard there.' })
      .optional(),
    sourceVersion: z
      .int()
      .meta({ description: 'With source.grafana: version of it that is in the file.', format: 'int64' })
      .optional(),
    sourceSavedAt: z
      .string()
      .meta({ description: 'With source.grafana: when that version was saved.', format: 'date-time' })
      .optional(),
    files: z
      .int()
      .meta({
        description:
          'Where source stands for many: dashboards, groups of alert rules and library panels that are in Git as they should be.',
        format: 'int32',
      })
      .optional(),
    failed: z
      .int()
      .meta({
        description:
          'Where source stands for many: those that cannot be written, or dashboards that have the uid of another.',
        format: 'int32',
      })
      .optional(),
    problems: z
      .array(
        z.object({
          dashboard: z.string().max(1024).meta({
            description:
              'Which, as its source calls it: CONFIGMAP/KEY, or the uid in Grafana; alert-rules/FOLDER/GROUP or library-panels/UID.',
          }),
          reason: z.string().max(128).meta({ description: 'What is wrong, in one word.' }),
          message: z.string().max(1024).meta({ description: 'What is wrong, for a person.' }),
        }),
      )
      .max(10)
      .meta({ description: 'The first of those.', 'x-kubernetes-list-type': 'atomic' })
      .optional(),
  })
  .meta({ description: 'What has been done.' })

/** A Dashboard's spec with every default filled in. */
export type DashboardSpec = z.output<typeof dashboardSpecSchema>
export type GrafanaSource = NonNullable<DashboardSpec['source']['grafana']>
export type DashboardStatus = z.output<typeof dashboardStatusSchema>
