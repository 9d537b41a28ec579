/** `{placeholder}` templates: text and names in turn. */
import { InvalidTemplateError } from './template-error.ts'

export type Token<Name extends string> = { readonly text: string } | { readonly placeholder: Name }

/**
 * Splits a template, or a part of it; braces have no other use in it.
 * @param template the whole template, for the error
 * @throws InvalidTemplateError for an unknown placeholder or a brace without its partner
 */
export function parsePlaceholders<Name extends string>(
  part: string,
  known: readonly Name[],
  template = part,
): readonly Token<Name>[] {
  const tokens: Token<Name>[] = []
  // The capture puts placeholders at odd positions.
  for (const [i, piece] of part.split(/\{([^{}]*)\}/).entries()) {
    if (i % 2 === 1) {
      const placeholder = known.find((name) => name === piece)
      if (placeholder === undefined) throw new InvalidTemplateError(template, piece, `{${piece}} is unknown`, known)
      tokens.push({ placeholder })
    } else if (/[{}]/.test(piece)) {
      throw new InvalidTemplateError(template, piece, 'a brace has no partner', known)
    } else if (piece !== '') tokens.push({ text: piece })
  }
  return tokens
}
