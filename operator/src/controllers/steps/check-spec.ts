import { InvalidSpecError } from '../../api/invalid-spec.ts'
import { parseGitSync } from '../../api/parse.ts'
import { parseRepositoryAddress } from '../../plan/repository-address.ts'
import { InvalidTemplateError } from '../../render/template-error.ts'
import { branchesOf } from '../from-spec/branches.ts'
import { TEMPLATES } from '../from-spec/templates.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** Everything that can be said of the spec without asking anybody. */
export async function checkSpec(run: Reconciliation): Promise<Problem | undefined> {
  try {
    run.gitsync = parseGitSync(run.object)
    const { spec } = run.gitsync
    checkUrl(spec.repository.url)
    for (const { field, in: textOf, parse } of TEMPLATES) {
      const text = textOf(spec)
      const problem = text === undefined ? undefined : await templateProblem(field, () => parse(text))
      if (problem !== undefined) return problem
    }
    const { branch, base } = branchesOf(run.gitsync)
    run.branch = branch
    run.base = base
    return undefined
  } catch (error) {
    if (error instanceof InvalidSpecError) return { reason: 'InvalidSpec', message: error.message }
    throw error
  }
}

function checkUrl(url: string): void {
  if (parseRepositoryAddress(url) !== undefined) return
  throw new InvalidSpecError(
    'spec.repository.url',
    url,
    'must be a URL with a valid host and a port up to 65535, as in https://git.example.com/team/audit.git',
  )
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
