/** Leave to send one request to a host, to be told of what came of it. */
export interface Permit {
  answered(status: number, headers: Readonly<Record<string, string>>): void
  /** No answer came. */
  failed(error: unknown): void
  /** The body was read, nobody wants it, or nothing was sent. Implied by `failed`. */
  ended(): void
}
