/** Where no error is expected that is not Git's. */
export function unexpected(error: unknown): never {
  throw error
}
