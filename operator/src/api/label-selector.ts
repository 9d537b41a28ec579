import { z } from 'zod'
import { mustMatch, withRule } from './rules.ts'

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

// A pattern, not a rule: lists in lists in lists would exceed the API server's budget for rules.
const labelValue = z.string().max(63).regex(LABEL_VALUE, { error: 'must be a label value' })
const labelKey = mustMatch(z.string().min(1).max(317), LABEL_KEY, 'must be a label key such as app or example.com/team')

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

/** Labels of objects, as Kubernetes selects by them. */
export const labelSelector = (description: string, maxExpressions: number) =>
  z
    .object({
      matchLabels: withRule(
        z
          .record(z.string(), labelValue)
          .meta({ description: 'Labels that must have these values.', maxProperties: 64 }),
        {
          cel: `self.all(k, size(k) <= 317 && k.matches(r'${LABEL_KEY.source.replaceAll(String.raw`\/`, '/')}'))`,
          test: (labels) => Object.keys(labels).every((key) => key.length <= 317 && LABEL_KEY.test(key)),
          message: 'keys must be label keys such as app or example.com/team',
        },
      ).optional(),
      matchExpressions: z
        .array(requirement)
        .max(maxExpressions)
        .meta({ description: 'Conditions that must all hold.', 'x-kubernetes-list-type': 'atomic' })
        .optional(),
    })
    .meta({ description, 'x-kubernetes-map-type': 'atomic' })
