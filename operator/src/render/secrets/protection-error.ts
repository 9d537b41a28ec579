/** An object that cannot be written without showing what must not be shown. The message holds no value. */
export class ProtectionError extends Error {
  readonly code = 'EncryptionFailed'
  constructor(message: string) {
    super(message)
    this.name = 'ProtectionError'
  }
}
