/** The kind GitSync: what one tenant writes to Git, and where. */
import { z } from 'zod'
import { isPerAuthor } from '../plan/author-branch.ts'
import { authorsSchema } from './authors.ts'
import { commitSchema } from './commit.ts'
import { observedState } from './conditions.ts'
import { durationText, objectName } from './fields.ts'
import { driftSchema, folderFields } from './folder.ts'
import { fieldsSchema, ignoreSchema, layoutSchema } from './layout.ts'
import { pullRequestsStatusSchema, pullRequestStatusSchema, pushSchema } from './push.ts'
import { repositorySchema } from './repository.ts'
import { withRule } from './rules.ts'
import { encryptionSchema, secretsSchema, sensitiveSchema, withSecretsRules } from './secrets.ts'
import { exclusionFields, resourceSchema } from './selection.ts'

const specFields = z
  .object({
    repository: repositorySchema,
    resources: z.array(resourceSchema).max(64).meta({
      description: 'What to write. An empty list is for a GitSync that writes Dashboards alone.',
      'x-kubernetes-list-type': 'atomic',
    }),
    ...exclusionFields,
    serviceAccountName: objectName(
      'ServiceAccount of this namespace as which objects are read; it needs list and watch on each selected kind.',
    ).default('default'),
    layout: layoutSchema.default(layoutSchema.parse({})),
    fields: fieldsSchema,
    ignore: ignoreSchema,
    commit: commitSchema.default(commitSchema.parse({})),
    push: pushSchema.default(pushSchema.parse({})),
    ...folderFields,
    authors: authorsSchema.optional(),
    interval: durationText({
      description: 'How often the folder is compared with the cluster when nothing changes.',
      min: '1s',
      max: '24h',
    }).default('10m'),
    secrets: secretsSchema,
    encryption: encryptionSchema.optional(),
    sensitive: sensitiveSchema.optional(),
    suspend: z.boolean().meta({ description: 'Stop writing until set to false again.' }).default(false),
  })
  .meta({ description: 'What to write, and where.' })

const withCredentials = withRule(withSecretsRules(specFields), {
  cel: "!has(self.push) || self.push.mode != 'PullRequest' || has(self.repository.secretRef)",
  test: ({ push, repository }) => push.mode !== 'PullRequest' || repository.secretRef !== undefined,
  field: 'push',
  message: 'push.mode PullRequest needs repository.secretRef: nobody opens requests without credentials',
})

export const gitSyncSpecSchema = withRule(withCredentials, {
  cel: "!has(self.push) || !has(self.push.branch) || !self.push.branch.contains('{author}') || !has(self.layout) || !has(self.layout.kustomization) || !self.layout.kustomization",
  test: ({ push, layout }) => !isPerAuthor(push.branch ?? '') || !layout.kustomization,
  field: 'layout',
  message:
    'layout.kustomization and {author} in push.branch exclude each other: one list cannot be in the requests of several authors',
})

const count = (description: string): z.ZodInt32 => z.int32().min(0).meta({ description })
const commitId = (description: string): z.ZodString => z.string().max(64).meta({ description })

export const gitSyncStatusSchema = z
  .object({
    ...observedState,
    branch: z.string().max(1024).meta({ description: 'Branch that is written, placeholders filled in.' }).optional(),
    lastCommit: z
      .object({
        sha: commitId('Commit id.'),
        time: z.string().meta({ description: 'When it was committed.', format: 'date-time' }).optional(),
        url: z.string().max(4096).meta({ description: 'Page of the commit, where the host has one.' }).optional(),
      })
      .meta({ description: 'The newest commit of this GitSync.' })
      .optional(),
    observedCommit: commitId(
      'Tip of the branch when it was last seen. That it alone has moved is told once an hour.',
    ).optional(),
    files: count(
      'Files that the selected objects make. Files of deleted objects that are still in Git are told by pending and orphans.',
    ).optional(),
    pending: count('Changes not in Git yet, deletions that wait for a confirmation among them.').optional(),
    orphans: count('Files of this GitSync whose object is gone and that prune leaves.').optional(),
    drift: driftSchema.optional(),
    signingKey: z
      .string()
      .max(2048)
      .meta({ description: 'Public half of the SSH key that signs commits, as Git hosts take it.' })
      .optional(),
    pullRequest: pullRequestStatusSchema.optional(),
    pullRequests: pullRequestsStatusSchema.optional(),
    lastHandledRequest: z
      .string()
      .max(1024)
      .meta({ description: 'Value of the last gitsync.dev/requested-at or commit-message annotation acted on.' })
      .optional(),
  })
  .meta({ description: 'What has been done.' })

/** A GitSync's spec with every default filled in. */
export type GitSyncSpec = z.output<typeof gitSyncSpecSchema>
/** A GitSync's spec as a person writes it. */
export type GitSyncSpecInput = z.input<typeof gitSyncSpecSchema>
export type GitSyncStatus = z.output<typeof gitSyncStatusSchema>
/** One entry of `spec.resources`. */
export type ResourceSelector = GitSyncSpec['resources'][number]
