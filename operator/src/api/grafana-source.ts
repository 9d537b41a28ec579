/** `spec.source.grafana` of a Dashboard. */
import { z } from 'zod'
import { durationText, objectName } from './fields.ts'
import { pathTemplate } from './path-template.ts'
import { mustMatch, withRule } from './rules.ts'

const url = mustMatch(
  z.string().max(2048).meta({ description: 'Address of the Grafana, as people open it; without /api.' }),
  /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/,
  'must be an http or https address without login, ? and #, as in https://grafana.example.com',
)

const uid = mustMatch(
  z.string().max(40).meta({ description: 'One dashboard: what stands behind /d/ in its address.' }),
  /^[A-Za-z0-9_-]+$/,
  'must be the uid of a dashboard: at most 40 letters, digits, - and _',
)
const folder = mustMatch(
  z.string().max(40).meta({
    description:
      'Many dashboards: all in a folder and in the folders in it. What stands behind /dashboards/f/ in its address, up to the next slash.',
  }),
  /^[A-Za-z0-9_-]+$/,
  'must be the uid of a folder: at most 40 letters, digits, - and _',
)

const alertRules = z
  .object({
    path: pathTemplate({
      description:
        'File of a group, below the folder of the GitSync: a template of {folder} alone between slashes, and {group}. Default: alert-rules/{folder}/{group}.yaml.',
      ending: 'yaml',
      variables: ['group'],
      needed: ['group'],
      example: '{folder}/{group}.yaml',
    }).optional(),
  })
  .meta({
    description:
      'With folder or all: the groups of alert rules there, each a file for the provisioning of Grafana. Their state is followed and not a history. Default: none.',
  })
const libraryPanels = z
  .object({
    path: pathTemplate({
      description:
        'File of a library panel, below the folder of the GitSync: a template of {folder} alone between slashes, {name} and {uid}. Default: library-panels/{folder}/{name}.json.',
      ending: 'json',
      variables: ['name', 'uid'],
      needed: ['name', 'uid'],
      example: '{folder}/{name}.json',
    }).optional(),
  })
  .meta({
    description:
      'With folder or all: the library panels there, each a file that the API of Grafana takes. Their state is followed and not a history. Default: none.',
  })

const grafanaFields = z.object({
  url,
  secretRef: z.object({ name: objectName('Name of a Secret of this namespace.') }).meta({
    description:
      'Login: a token of a service account (key token), or username and password. The Secret has the label gitsync.dev/credential and names the host in its annotation gitsync.dev/hosts.',
  }),
  uid: uid.optional(),
  folder: folder.optional(),
  tag: z.string().min(1).max(100).meta({ description: 'Many dashboards: all that have this tag.' }).optional(),
  all: z.literal(true).meta({ description: 'Many dashboards: all that the login may see.' }).optional(),
  schema: z.enum(['Classic', 'V1', 'V2']).default('Classic').meta({
    description:
      'Form of the file: the classic model, or the resource of dashboard.grafana.app/v1 or v2 as Grafana gives it (12 and later). V2 for dashboards that Grafana keeps in schema v2, of which Classic has nothing.',
  }),
  history: z.enum(['FromNow', 'Full']).default('FromNow').meta({
    description: 'Where the history in Git begins: at the version of now, or at the oldest that Grafana keeps.',
  }),
  interval: durationText({
    description: 'How often Grafana is asked whether there is a new version.',
    min: '10s',
    max: '24h',
  }).default('1m'),
  alertRules: alertRules.optional(),
  libraryPanels: libraryPanels.optional(),
})
type GrafanaFields = z.output<typeof grafanaFields>
/** Dashboards, and what belongs to them, of a running Grafana. */
export const grafana = [
  {
    cel: '[has(self.uid), has(self.folder), has(self.tag), has(self.all)].filter(given, given).size() == 1',
    test: ({ uid, folder, tag, all }: GrafanaFields) =>
      [uid, folder, tag, all].filter((value) => value !== undefined).length === 1,
    message: 'give one of uid, folder, tag and all',
  },
  {
    cel: '!(has(self.alertRules) || has(self.libraryPanels)) || has(self.folder) || has(self.all)',
    test: ({ folder, all, alertRules, libraryPanels }: GrafanaFields) =>
      (alertRules === undefined && libraryPanels === undefined) || folder !== undefined || all !== undefined,
    message:
      'alertRules and libraryPanels go with folder or all: they have no tags, and one dashboard has none of its own',
  },
]
  .reduce((schema, rule) => withRule(schema, rule), grafanaFields)
  .meta({ description: 'Dashboards of a running Grafana: each version saved there becomes a commit.' })
