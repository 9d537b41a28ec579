/** A path or message template that isn't accepted. */
export class InvalidTemplateError extends Error {
  readonly code = 'InvalidTemplate'
  readonly template: string
  /** The part that is wrong: a placeholder without its braces, or a part of a path. */
  readonly part: string
  /** Placeholders that exist. */
  readonly known: readonly string[]
  constructor(template: string, part: string, problem: string, known: readonly string[]) {
    super(
      `template ${JSON.stringify(template)}: ${problem}; placeholders are ${known.map((name) => `{${name}}`).join(' ')}`,
    )
    this.name = 'InvalidTemplateError'
    this.template = template
    this.part = part
    this.known = known
  }
}
