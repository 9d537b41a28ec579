import { resolveBranch } from '../../api/branch.ts'
import { InvalidSpecError } from '../../api/invalid-spec.ts'
import { DEFAULT_LAYOUT_TEMPLATE } from '../../api/layout.ts'
import { parseGitSync } from '../../api/parse.ts'
import { headTemplate } from '../../api/push.ts'
import { parseRepositoryAddress } from '../../plan/repository-address.ts'
import { parseUserTemplate } from '../../plan/authors/user-template.ts'
import { parseMessageTemplate } from '../../render/message.ts'
import { pathRule } from '../../render/path-rule.ts'
import { parsePullRequestTemplate } from '../../render/pull-request.ts'
import { InvalidTemplateError } from '../../render/template-error.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Everything that can be said of the spec without asking anybody. */
export async function checkSpec(run: Reconciliation): Promise<Problem | undefined> {
  try {
    run.gitsync = parseGitSync(run.object)
    const { spec, metadata } = run.gitsync
    const { url } = spec.repository
    if (parseRepositoryAddress(url) === undefined) {
      throw new InvalidSpecError(
        'spec.repository.url',
        url,
        'must be a URL with a valid host and a port up to 65535, as in https://git.example.com/team/audit.git',
      )
    }
    const { template: layout = DEFAULT_LAYOUT_TEMPLATE, expression } = spec.layout
    const field = expression === undefined ? 'spec.layout.template' : 'spec.layout.expression'
    const template =
      (await templateProblem(field, () => pathRule({ template: layout, expression }))) ??
      (await templateProblem(
        'spec.commit.message',
        () => spec.commit.message && parseMessageTemplate(spec.commit.message),
      ))
    const { nameTemplate, emailTemplate } = spec.authors ?? {}
    const naming =
      template ??
      (await templateProblem('spec.authors.nameTemplate', () => nameTemplate && parseUserTemplate(nameTemplate))) ??
      (await templateProblem('spec.authors.emailTemplate', () => emailTemplate && parseUserTemplate(emailTemplate)))
    if (naming !== undefined) return naming
    const { title, body } = spec.push.pullRequest ?? {}
    const request =
      (await templateProblem('spec.push.pullRequest.title', () => title && parsePullRequestTemplate(title))) ??
      (await templateProblem('spec.push.pullRequest.body', () => body && parsePullRequestTemplate(body)))
    if (request !== undefined) return request
    const owner = { namespace: metadata.namespace ?? '', name: metadata.name }
    run.branch = resolveBranch(spec.repository.branch, owner)
    if (spec.push.mode === 'PullRequest') {
      const head = resolveBranch(headTemplate(spec.push), owner, 'spec.push.branch')
      if (head === run.branch) {
        throw new InvalidSpecError(
          'spec.push.branch',
          head,
          'is spec.repository.branch as well: a request is merged from one branch into another',
        )
      }
      run.base = run.branch
      run.branch = head
    }
    return undefined
  } catch (error) {
    if (error instanceof InvalidSpecError) return { reason: 'InvalidSpec', message: error.message }
    throw error
  }
}

async function templateProblem(field: string, parse: () => unknown): Promise<Problem | undefined> {
  try {
    await parse()
    return undefined
  } catch (error) {
    if (error instanceof InvalidTemplateError)
      return { reason: 'InvalidTemplate', message: `${field}: ${error.message}` }
    throw error
  }
}

export function checkSuspended({ gitsync }: Reconciliation): Problem | undefined {
  if (!gitsync.spec.suspend) return undefined
  return { reason: 'Suspended', message: 'spec.suspend is true: nothing is read or written' }
}
