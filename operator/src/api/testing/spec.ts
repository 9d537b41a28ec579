/** Specs from which those of the cases are made. */

export type Fields = Readonly<Record<string, unknown>>

export interface RefusedCase {
  readonly name: string
  readonly spec: Fields
  /** Field that the refusal names. */
  readonly field: string
  /** Part of the message. */
  readonly message: RegExp
}

export const repository = (fields: Fields): Fields => ({ url: 'https://git.example.com/a/b.git', ...fields })
export const minimal = (fields: Fields = {}): Fields => ({
  repository: repository({}),
  resources: [{ kind: 'ConfigMap' }],
  ...fields,
})
/** The least that a spec says. */
export const MINIMAL_SPEC = minimal()

export const RECIPIENT = `age1${'q'.repeat(58)}`
