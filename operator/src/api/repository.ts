/** Where files go: URL, branch and folder. */
import { z } from 'zod'
import { branchSchema } from './branch.ts'
import { objectName } from './fields.ts'
import { mustMatch, mustNotMatch, withRule } from './rules.ts'

const described = (description: string, max: number): z.ZodString => z.string().min(1).max(max).meta({ description })

let url = described(
  'Repository to write to, over https, http or SSH (ssh://git@host/path, git@host:path). Credentials go in the Secret named by secretRef.',
  2048,
)
url = mustMatch(
  url,
  /^(https?:\/\/[^/]|ssh:\/\/([A-Za-z0-9._-]+@)?[^/@]+\/[^-]|[A-Za-z0-9._-]+@([^@:/]+|\[[0-9A-Fa-f:.]+\]):[^:-])/,
  'url must start with http://, https:// or ssh://, followed by a host, or be user@host:path',
)
url = mustNotMatch(
  url,
  /^https?:\/\/[^/?#]*@/,
  'url must not contain a user or password: put them in the Secret named by secretRef',
)
url = mustNotMatch(
  url,
  /[?#\\\p{Z}\p{Cc}]/u,
  'url must not contain a query, a fragment, a backslash, spaces or control characters',
)

let path = described('Folder of this GitSync in the repository, its own; "." is the root.', 1024)
path = mustNotMatch(path, /^\/|\/$|\/\//, 'path is relative: no / at the start or end and no empty part')
const DOT_PART = /(^|\/)\.\.?(\/|$)/
path = withRule(path, {
  cel: String.raw`self == '.' || !self.matches(r'(^|/)\.\.?(/|$)')`,
  test: (value) => value === '.' || !DOT_PART.test(value),
  message: 'path must not contain the parts . or ..; "." alone is the root',
})
path = mustNotMatch(
  path,
  /[\\:\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[. ]\/|[^/][. ]$/u,
  'path must not contain backslashes, colons, control or invisible characters, nor a part that ends with . or a space',
)
path = mustNotMatch(path, /(^|\/)(\.git|git~[0-9]+)(\/|$)/i, 'path must not contain a part named .git')

export const repositorySchema = z
  .object({
    url,
    branch: branchSchema.default('main'),
    path: path.default('.'),
    secretRef: z
      .object({ name: objectName('Name of a Secret in the namespace of the GitSync.') })
      .meta({
        description:
          'Credentials. The Secret carries the label gitsync.dev/credential: "true" and the annotation gitsync.dev/hosts.',
      })
      .optional(),
    providerRef: z
      .object({ name: objectName('Name of a GitProvider.') })
      .meta({ description: 'GitProvider of the host; otherwise the one that lists the host.' })
      .optional(),
  })
  .meta({ description: 'Where to write.' })
