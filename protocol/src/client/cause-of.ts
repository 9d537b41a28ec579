/** The result to tell of first: the others of an atomic push are rejected because of the stale one. */
export function causeOf<T extends { readonly status: string }>(results: readonly T[]): T | undefined {
  return results.find(({ status }) => status === 'stale') ?? results.find(({ status }) => status !== 'ok')
}
