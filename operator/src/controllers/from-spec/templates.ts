import type { GitSyncSpec } from '../../api/gitsync.ts'
import { parseUserTemplate } from '../../plan/authors/user-template.ts'
import { parseMessageTemplate } from '../../render/message.ts'
import { pathRule } from '../../render/path-rule.ts'
import { parsePullRequestTemplate } from '../../render/pull-request.ts'

/** A field whose text is a small language. */
interface Template {
  readonly field: string
  readonly in: (spec: GitSyncSpec) => string | undefined
  /** Throws InvalidTemplateError. */
  readonly parse: (text: string) => unknown
}

export const TEMPLATES: readonly Template[] = [
  {
    field: 'spec.layout.template',
    in: ({ layout }) => layout.template,
    parse: (template) => pathRule({ template }),
  },
  {
    field: 'spec.layout.expression',
    in: ({ layout }) => layout.expression,
    parse: (expression) => pathRule({ expression }),
  },
  { field: 'spec.commit.message', in: ({ commit }) => commit.message, parse: parseMessageTemplate },
  { field: 'spec.authors.nameTemplate', in: ({ authors }) => authors?.nameTemplate, parse: parseUserTemplate },
  { field: 'spec.authors.emailTemplate', in: ({ authors }) => authors?.emailTemplate, parse: parseUserTemplate },
  {
    field: 'spec.push.pullRequest.title',
    in: ({ push }) => push.pullRequest?.title,
    parse: parsePullRequestTemplate,
  },
  {
    field: 'spec.push.pullRequest.body',
    in: ({ push }) => push.pullRequest?.body,
    parse: parsePullRequestTemplate,
  },
]
