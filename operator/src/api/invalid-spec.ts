const MAX_SHOWN = 100

/** A spec that isn't accepted. */
export class InvalidSpecError extends Error {
  readonly code = 'InvalidSpec'
  /** Path of the field, as in `spec.resources[0].kind`. */
  readonly field: string
  /** Its value as JSON, cut at 100 characters, without what may be a credential; `not set` when absent. */
  readonly value: string
  /** What to write instead. */
  readonly remedy: string
  constructor(field: string, value: unknown, remedy: string) {
    const whole = withoutCredentials(JSON.stringify(value) ?? 'not set')
    const shown = whole.length > MAX_SHOWN ? `${whole.slice(0, MAX_SHOWN)}…` : whole
    super(value === undefined ? `${field} is not set: ${remedy}` : `${field}: ${shown}: ${remedy}`)
    this.name = 'InvalidSpecError'
    this.field = field
    this.value = shown
    this.remedy = remedy
  }
}

/** People put passwords and tokens into URLs, and a private age key where the public one belongs; a condition is read by many. */
function withoutCredentials(text: string): string {
  return text
    .replace(/(\/\/)[^/@"\s]*@/g, '$1***@')
    .replace(/[?#][^"\s]*/g, '?***')
    .replace(/AGE-SECRET-KEY-[^"\s]*/gi, 'AGE-SECRET-KEY-***')
}
