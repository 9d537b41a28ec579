import { InvalidArgumentError } from 'commander'

const KEY = String.raw`(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?`
const VALUE = String.raw`(?:[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?)?`
const REQUIREMENT = new RegExp(
  `^(?:!?\\s*${KEY}|${KEY}\\s*(?:==?|!=)\\s*${VALUE}|${KEY}\\s+(?:in|notin)\\s*\\(\\s*${VALUE}(?:\\s*,\\s*${VALUE})*\\s*\\))$`,
)

/**
 * A label selector as kubectl takes it, checked before anything is asked: `app=web,tier!=test,env in (a, b),!old`.
 * @throws InvalidArgumentError with an example
 */
export function parseLabelSelector(text: string): string {
  // A comma within parentheses is none between requirements.
  const requirements = text.split(/,(?![^(]*\))/).map((part) => part.trim())
  if (requirements.every((requirement) => REQUIREMENT.test(requirement))) return text
  throw new InvalidArgumentError('It must be a label selector, such as app=web,tier!=test or "env in (a, b)".')
}
