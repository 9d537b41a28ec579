export const REQUESTED_AT = 'gitsync.dev/requested-at'
export const COMMIT_MESSAGE = 'gitsync.dev/commit-message'

/** What a person has asked for by annotations: "now", and "now, with this message". */
export interface Asked {
  readonly requestedAt?: string | undefined
  /** As it was written: with another space at an end the same message is asked for once more. */
  readonly message?: string | undefined
}

export function askedBy(annotations: Readonly<Record<string, string>> = {}): Asked {
  return { requestedAt: given(annotations[REQUESTED_AT]), message: given(annotations[COMMIT_MESSAGE]) }
}

const given = (value = ''): string | undefined => (value.trim() === '' ? undefined : value.slice(0, 1024))

/**
 * What has been acted on already, as far as a status says that names the last value only. A message that is used again
 * would be wrong; a comparison that is made again does no harm.
 */
export function handledBefore({ requestedAt, message }: Asked, lastHandled: string | undefined): Asked {
  const wasLast = lastHandled !== undefined && lastHandled === requestedAt
  // Older than the request that was handled last, or newer: nobody knows.
  const isUsed = wasLast || (lastHandled !== undefined && lastHandled === message)
  return { requestedAt: wasLast ? requestedAt : undefined, message: isUsed ? message : undefined }
}

/** What is new, and the value that stands for it in the status: of both at once the message. Undefined when nothing is. */
export function newRequest(asked: Asked, accepted: Asked): (Asked & { readonly name: string }) | undefined {
  const requestedAt = asked.requestedAt === accepted.requestedAt ? undefined : asked.requestedAt
  const message = asked.message === accepted.message ? undefined : asked.message
  const name = message ?? requestedAt
  return name === undefined ? undefined : { requestedAt, message: message?.trim(), name }
}
