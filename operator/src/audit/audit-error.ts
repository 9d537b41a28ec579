export type AuditErrorCode = 'InvalidField' | 'InvalidReport'

/** Something that was given is not what it should be; the message names it, its value and what to do. */
export class AuditError extends Error {
  override readonly name = 'AuditError'
  readonly code: AuditErrorCode

  constructor(code: AuditErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
