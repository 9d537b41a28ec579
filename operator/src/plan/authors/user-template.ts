import { parsePlaceholders } from '../../render/placeholders.ts'
import type { Token } from '../../render/placeholders.ts'
import { InvalidTemplateError } from '../../render/template-error.ts'

const USER_PLACEHOLDERS = ['user', 'user.local', 'user.domain'] as const
type UserPlaceholder = (typeof USER_PLACEHOLDERS)[number]

/** What each placeholder of `authors.nameTemplate` and `emailTemplate` stands for. */
export const USER_PLACEHOLDER_DOCS: Readonly<Record<UserPlaceholder, string>> = {
  user: 'the user name',
  'user.local': 'what stands before its @, without a prefix such as oidc:',
  'user.domain': 'what stands behind its @; empty without one',
}

/** @throws InvalidTemplateError for an unknown placeholder, a brace without its partner, or an empty template */
export function parseUserTemplate(template: string): readonly Token<UserPlaceholder>[] {
  if (template.trim() === '') throw new InvalidTemplateError(template, '', 'it is empty', USER_PLACEHOLDERS)
  return parsePlaceholders(template, USER_PLACEHOLDERS)
}

/** @throws as {@link parseUserTemplate} */
export function fillUserTemplate(template: string, user: string): string {
  const at = user.lastIndexOf('@')
  const local = (at < 0 ? user : user.slice(0, at)).replace(/^.*[:#/]/s, '')
  const values: Readonly<Record<UserPlaceholder, string>> = {
    user,
    'user.local': local,
    'user.domain': at < 0 ? '' : user.slice(at + 1),
  }
  return parseUserTemplate(template)
    .map((token) => ('text' in token ? token.text : values[token.placeholder]))
    .join('')
}
