/** What is written: kinds, names, labels, fields, namespaces; and what is not. */
import { z } from 'zod'
import { labelSelector } from './label-selector.ts'
import { namespaceChoice } from './namespace-choice.ts'
import { mustMatch, mustNotMatch, withRule } from './rules.ts'

/** Parts of a path, as in `spec.type` and `metadata.annotations['example.com/team']`. */
const FIELD_PATH = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+|\['[^'\\]+'\])*$/

const fieldRequirement = withRule(
  z
    .object({
      key: z
        .string()
        .min(1)
        .max(512)
        .regex(FIELD_PATH, { error: "must be a path such as spec.type or metadata.annotations['example.com/team']" })
        .meta({ description: "Path of the field; parts with dots as in metadata.annotations['example.com/team']." }),
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      values: z
        .array(z.string().max(1024))
        .max(64)
        .meta({ description: 'Numbers and booleans as text.', 'x-kubernetes-list-type': 'atomic' })
        .optional(),
    })
    .meta({ description: 'One condition on a field.' }),
  {
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    test: ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
    message: 'values go with In and NotIn (at least one) and not with Exists and DoesNotExist',
  },
)

const fieldSelector = z
  .object({
    matchFields: z
      .array(fieldRequirement)
      .min(1)
      .max(16)
      .meta({ description: 'Conditions that must all hold.', 'x-kubernetes-list-type': 'atomic' }),
  })
  .meta({ description: 'Only objects whose fields match; evaluated by the operator, for any field.' })

const kind = mustMatch(
  z.string().min(1).max(63).meta({ description: 'Kind, as in ConfigMap; * stands for every kind of the group.' }),
  /^(\*|[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?)$/,
  'kind must be a kind such as ConfigMap (not a resource such as deployments.apps), or *',
)
const group = mustMatch(
  z.string().max(253).meta({ description: 'API group; "" is the core group, * (with kind: "*") every group.' }),
  /^(\*|([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?)$/,
  'group must be an API group such as apps (without the version), "" for the core group, or *',
)
const version = mustMatch(
  z.string().min(1).max(63).meta({ description: 'API version to write, as in v1; otherwise the preferred one.' }),
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
  'version must be a version such as v1 (without the group)',
)
const nameGlob = mustNotMatch(
  z.string().min(1).max(253),
  /[/%\p{Z}\p{Cc}]/u,
  'names are object names; * stands for any characters',
)
const names = (description: string) =>
  z.array(nameGlob).min(1).max(64).meta({ description, 'x-kubernetes-list-type': 'set' })

const resource = z
  .object({
    group: group.default(''),
    kind,
    version: version.optional(),
    scope: z
      .enum(['All', 'Namespaced', 'Cluster'])
      .meta({ description: 'With kind: "*": which of the kinds, those in namespaces or those outside. Default All.' })
      .optional(),
    names: names('Only objects with one of these names; * stands for any characters.').optional(),
    labelSelector: labelSelector('Only objects whose labels match.', 64).optional(),
    fieldSelector: fieldSelector.optional(),
    owned: z
      .enum(['Include', 'Exclude'])
      .meta({
        description:
          'Objects that belong to a controller by an owner reference, as the ReplicaSets of a Deployment. Default Include for a kind that is named, Exclude for kind: "*".',
      })
      .optional(),
    namespaces: namespaceChoice
      .meta({
        description:
          'Where to look, for namespaced kinds; otherwise the namespace of the GitSync. Its ServiceAccount must be allowed to list and watch there.',
      })
      .optional(),
  })
  .meta({ description: 'One kind of object to write, or with kind: "*" many.' })

export const resourceSchema = [
  {
    cel: "self.group != '*' || (self.kind == '*' && !has(self.version))",
    test: ({ group, kind, version }: z.output<typeof resource>) =>
      group !== '*' || (kind === '*' && version === undefined),
    message: 'group: "*" goes with kind: "*" and without version; name the group of a kind',
  },
  {
    cel: "self.kind == '*' || !has(self.scope)",
    test: ({ kind, scope }: z.output<typeof resource>) => kind === '*' || scope === undefined,
    message: 'scope goes with kind: "*" only',
  },
].reduce((schema, rule) => withRule(schema, rule), resource)

const namespaceGlob = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[-a-z0-9*]+$/, { error: 'must be a namespace name; * stands for any characters' })

/** What is left out whatever `resources` say. */
const exclusionSchema = withRule(
  z
    .object({
      group: group.optional(),
      kind: kind.optional(),
      names: names('Objects with one of these names; * stands for any characters.').optional(),
      namespaces: z
        .object({
          names: z.array(namespaceGlob).min(1).max(64).meta({
            description: 'Names of namespaces; * stands for any characters.',
            'x-kubernetes-list-type': 'set',
          }),
        })
        .meta({ description: 'Objects in these namespaces.' })
        .optional(),
      labelSelector: labelSelector('Objects whose labels match.', 16).optional(),
    })
    .meta({ description: 'Objects that match everything that is said here. Without group or kind: of any.' }),
  {
    cel: 'has(self.group) || has(self.kind) || has(self.names) || has(self.namespaces) || has(self.labelSelector)',
    test: (exclusion) => Object.values(exclusion).some((value) => value !== undefined),
    message: 'must say what to leave out: group, kind, names, namespaces or labelSelector',
  },
)

/** Fields of a GitSync's spec that narrow what `resources` select. */
export const exclusionFields = {
  exclude: z
    .array(exclusionSchema)
    .max(64)
    .meta({ description: 'What not to write; wins over resources.', 'x-kubernetes-list-type': 'atomic' })
    .optional(),
  defaultExclusions: z
    .boolean()
    .meta({
      description:
        'Leave out what clusters and tools make by themselves, such as ConfigMaps kube-root-ca.crt. An object that names has without * is written all the same.',
    })
    .default(true),
  ignoreManagers: z
    .array(
      z
        .string()
        .min(1)
        .max(128)
        .regex(/^[^\p{Cc}]+$/u, { error: 'must be the name of a field manager; * stands for any characters' }),
    )
    .max(32)
    .meta({
      description:
        'Field managers, as kustomize-controller; * stands for any characters. While the newest write of an object is by one of them its file stays as it is.',
      'x-kubernetes-list-type': 'set',
    })
    .optional(),
}

export type Exclusion = z.output<typeof exclusionSchema>
