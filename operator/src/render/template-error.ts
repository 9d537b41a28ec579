/** A path or message template that isn't accepted. */
export class InvalidTemplateError extends Error {
  readonly code = 'InvalidTemplate'
  readonly template: string
  /** The part that is wrong: a placeholder without its braces, or a part of a path. */
  readonly part: string
  /** Placeholders that exist. */
  readonly known: readonly string[]
  constructor(
    template: string,
    part: string,
    problem: string,
    known: readonly string[],
    kind: 'template' | 'expression' = 'template',
  ) {
    const names = kind === 'template' ? known.map((name) => `{${name}}`).join(' ') : known.join(' ')
    const called = kind === 'template' ? 'placeholders' : 'variables'
    super(`${kind} ${JSON.stringify(template)}: ${problem}; ${called} are ${names}`)
    this.name = 'InvalidTemplateError'
    this.template = template
    this.part = part
    this.known = known
  }
}

/** An expression that gives no path for one object, while it may for others. */
export class NoPathError extends Error {
  override readonly name = 'NoPathError'
}
