import { z } from 'zod'
import { namespaceName } from './fields.ts'
import { labelSelector } from './label-selector.ts'
import { withRule } from './rules.ts'

/** Namespaces, by name or by label. */
export const namespaceChoice = withRule(
  z.object({
    names: z
      .array(namespaceName())
      .min(1)
      .max(64)
      .meta({ description: 'Names of namespaces.', 'x-kubernetes-list-type': 'set' })
      .optional(),
    selector: labelSelector(
      'Namespaces whose labels match, also those that come later. An empty selector is every namespace.',
      16,
    ).optional(),
  }),
  {
    cel: 'has(self.names) != has(self.selector)',
    test: ({ names, selector }) => (names === undefined) !== (selector === undefined),
    message: 'give either names or selector, and not both',
  },
)
