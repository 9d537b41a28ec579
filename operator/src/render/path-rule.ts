/** Where the file of an object goes: by a template, or by an expression. */
import type { KubernetesObject } from '../objects/object.ts'
import { parseTemplate, renderPath } from './path.ts'
import type { PathIdentity } from './path.ts'

export type PathRule = (object: KubernetesObject, id: PathIdentity) => string

/**
 * @param rule the expression counts where there is one
 * @throws InvalidTemplateError
 */
export async function pathRule({
  template,
  expression,
}: {
  readonly template: string
  readonly expression?: string | undefined
}): Promise<PathRule> {
  if (expression === undefined) {
    const parsed = parseTemplate(template)
    return (_object, id) => renderPath(parsed, id)
  }
  // Few layouts need it, and it is large.
  const { parseExpression } = await import('./path-expression.ts')
  return parseExpression(expression)
}
