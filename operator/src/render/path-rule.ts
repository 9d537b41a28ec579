/** Where the file of an object goes: by a template, or by an expression. */
import type { KubernetesObject } from '../objects/object.ts'
import { DEFAULT_PATH_TEMPLATE, parseTemplate, renderPath } from './path.ts'
import type { PathIdentity } from './path.ts'

export type PathRule = (object: KubernetesObject, id: PathIdentity) => string

/**
 * @param rule the expression counts where there is one; the default template where there is neither
 * @throws InvalidTemplateError
 */
export async function pathRule({
  template = DEFAULT_PATH_TEMPLATE,
  expression,
}: {
  readonly template?: string | undefined
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
