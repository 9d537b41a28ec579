/** What is written: kinds, names, labels, namespaces. */
import { z } from 'zod'
import { namespaceNames } from './fields.ts'
import { mustMatch, mustNotMatch, withRule } from './rules.ts'

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

// A pattern, not a rule: lists in lists in lists would exceed the API server's budget for rules.
const labelValue = z.string().max(63).regex(LABEL_VALUE, { error: 'must be a label value' })
const labelKey = mustMatch(z.string().min(1).max(317), LABEL_KEY, 'must be a label key')

const requirement = withRule(
  z
    .object({
      key: labelKey,
      operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
      values: z.array(labelValue).max(64).meta({ 'x-kubernetes-list-type': 'atomic' }).optional(),
    })
    .meta({ description: 'One condition on a label.' }),
  {
    cel: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    test: ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
    message: 'values go with In and NotIn (at least one) and not with Exists and DoesNotExist',
  },
)

const labelSelector = z
  .object({
    matchLabels: withRule(
      z.record(z.string(), labelValue).meta({ description: 'Labels that must have these values.', maxProperties: 64 }),
      {
        cel: `self.all(k, size(k) <= 317 && k.matches(r'${LABEL_KEY.source.replaceAll(String.raw`\/`, '/')}'))`,
        test: (labels) => Object.keys(labels).every((key) => key.length <= 317 && LABEL_KEY.test(key)),
        message: 'must have label keys',
      },
    ).optional(),
    matchExpressions: z
      .array(requirement)
      .max(64)
      .meta({ description: 'Conditions that must all hold.', 'x-kubernetes-list-type': 'atomic' })
      .optional(),
  })
  .meta({ description: 'Only objects whose labels match.', 'x-kubernetes-map-type': 'atomic' })

let kind = z.string().min(1).max(63).meta({ description: 'Kind, as in ConfigMap.' })
kind = mustNotMatch(kind, /\*/, 'kind: * is not supported yet; list each kind')
kind = mustMatch(
  kind,
  /^[A-Za-z*]([-A-Za-z0-9*]*[A-Za-z0-9*])?$/,
  'kind must be a kind such as ConfigMap (not a resource such as deployments.apps)',
)

const group = mustMatch(
  z.string().max(253).meta({ description: 'API group; "" is the core group.' }),
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/,
  'group must be an API group such as apps (without the version), or "" for the core group',
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

export const resourceSchema = z
  .object({
    group: group.default(''),
    kind,
    version: version.optional(),
    names: z
      .array(nameGlob)
      .min(1)
      .max(64)
      .meta({
        description: 'Only objects with one of these names; * stands for any characters.',
        'x-kubernetes-list-type': 'set',
      })
      .optional(),
    labelSelector: labelSelector.optional(),
    namespaces: namespaceNames(
      'Where to look, for namespaced kinds; otherwise the namespace of the GitSync. Its ServiceAccount must be allowed to list and watch there.',
    ).optional(),
  })
  .meta({ description: 'One kind of object to write.' })
