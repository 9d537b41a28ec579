/** An object whose file would be larger than any may be. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError'
  readonly code = 'LimitExceeded'
}
