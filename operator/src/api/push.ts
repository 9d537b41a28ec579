/** How changes get into a branch: by commits, or by a request that people review. */
import { z } from 'zod'
import { isPerAuthor } from '../plan/author-branch.ts'
import { PULL_REQUEST_PLACEHOLDER_DOCS } from '../render/pull-request.ts'
import { headTemplateSchema } from './branch.ts'
import { mustMatch, withRule } from './rules.ts'

/** Requests that a status tells of: more than there can be at once. */
export const MAX_REQUESTS = 200

const DEFAULT_HEAD = 'gitsync/{namespace}/{name}'

const PLACEHOLDERS = Object.keys(PULL_REQUEST_PLACEHOLDER_DOCS)
  .map((name) => `{${name}}`)
  .join(', ')

const names = (description: string, max: number, item: z.ZodString): z.ZodArray<z.ZodString> =>
  z.array(item).max(max).meta({ description, 'x-kubernetes-list-type': 'set' })

const label = mustMatch(
  z.string().min(1).max(50),
  /^[^,\p{Cc}]*[^,.\p{Z}\p{Cc}][^,\p{Cc}]*$/u,
  'a label has no comma and no control character',
)
const reviewer = mustMatch(
  z.string().min(1).max(100),
  /^(team:)?[A-Za-z0-9][A-Za-z0-9_.-]*$/,
  'a reviewer is the name of an account, or team:NAME',
)
const option = mustMatch(
  z.string().min(1).max(1024),
  /^[^\p{Cc}]+$/u,
  'a push option has no line break and no other control character',
)

const pullRequestSchema = z
  .object({
    title: z
      .string()
      .min(1)
      .max(256)
      .meta({
        description: `Title. Placeholders: ${PLACEHOLDERS}. Default: the first line of a commit with all changes.`,
      })
      .optional(),
    body: z
      .string()
      .min(1)
      .max(8192)
      .meta({ description: `Description. Placeholders: ${PLACEHOLDERS}. Default: who changed what.` })
      .optional(),
    labels: names('Labels; made where the host does not know them. Labels of people stay.', 16, label).optional(),
    reviewers: names('Accounts that are asked for a review, once; team:NAME asks a team.', 16, reviewer).optional(),
    draft: z.boolean().meta({ description: 'Open it as a draft.' }).default(false),
    deleteBranch: z.boolean().meta({ description: 'Remove the branch when the request was merged.' }).default(true),
    via: z
      .enum(['API', 'PushOptions'])
      .meta({
        description:
          "How it is opened. API: by the host's REST API, with the token of secretRef. PushOptions: by the push itself, on GitLab, Gitea, Forgejo and Gerrit; its state is then what Git shows.",
      })
      .default('API'),
  })
  .meta({ description: 'The request, with mode PullRequest.' })

const withMode = withRule(
  z
    .object({
      mode: z
        .enum(['Commit', 'PullRequest'])
        .meta({
          description:
            'Commit: changes are written to repository.branch. PullRequest: they are written to a branch of their own, and one pull or merge request into repository.branch is kept in step with them.',
        })
        .default('Commit'),
      branch: headTemplateSchema(
        `With mode PullRequest: the branch of the request. {namespace} and {name} stand for those of the GitSync; with {author} every author has a branch and a request of their own. Default ${DEFAULT_HEAD}.`,
      ).optional(),
      pullRequest: pullRequestSchema.optional(),
      options: z
        .array(option)
        .max(16)
        .meta({ description: 'Push options that go with each push (git push -o).', 'x-kubernetes-list-type': 'atomic' })
        .optional(),
    })
    .meta({ description: 'How changes get into the branch.' }),
  {
    cel: "self.mode == 'PullRequest' || !(has(self.branch) || has(self.pullRequest))",
    test: ({ mode, branch, pullRequest }) =>
      mode === 'PullRequest' || (branch === undefined && pullRequest === undefined),
    message: 'push.branch and push.pullRequest need push.mode PullRequest',
  },
)

export const pushSchema = withRule(withMode, {
  cel: "!has(self.branch) || !self.branch.contains('{author}') || !has(self.pullRequest) || !has(self.pullRequest.via) || self.pullRequest.via == 'API'",
  test: ({ branch = '', pullRequest }) => !isPerAuthor(branch) || (pullRequest?.via ?? 'API') === 'API',
  message: '{author} in push.branch needs pullRequest.via API: push options say nothing of several requests',
})

export const pullRequestStatusSchema = z
  .object({
    number: z.int32().meta({ description: 'Number, as people cite it.' }).optional(),
    url: z.string().max(4096).meta({ description: 'Its page.' }).optional(),
    state: z.string().max(64).meta({ description: 'Open, Merged or Closed, when it was last looked at.' }),
    branch: z.string().max(1024).meta({ description: 'Branch that it merges.' }),
    title: z.string().max(1024).meta({ description: 'Title.' }).optional(),
  })
  .meta({ description: 'The pull or merge request that changed last, with mode PullRequest.' })

export const pullRequestsStatusSchema = z
  .array(pullRequestStatusSchema)
  .max(MAX_REQUESTS)
  .meta({
    description: 'The last request of each author, with {author} in push.branch.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['branch'],
  })

export type PushSpec = z.output<typeof pushSchema>

/** The branch that is pushed to, with mode PullRequest; placeholders not filled in. */
export const headTemplate = ({ branch = DEFAULT_HEAD }: PushSpec): string => branch
/** What a request is like of which nothing is said. */
export const DEFAULT_PULL_REQUEST = pullRequestSchema.parse({})
