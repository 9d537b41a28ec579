import type { Problem, Reconciliation } from '../step.ts'

const REQUESTED_AT = 'gitsync.dev/requested-at'
const COMMIT_MESSAGE = 'gitsync.dev/commit-message'
/** An object that was saved just before the request may still be on its way through its own watch. */
const CATCH_UP_MS = 500

/** "Now", and "now, with this message": each value of the annotations is acted on once. */
export function handleRequests(run: Reconciliation): Problem | undefined {
  const { annotations = {} } = run.gitsync.metadata
  const requestedAt = annotations[REQUESTED_AT]
  const message = annotations[COMMIT_MESSAGE]?.trim()
  const request = [requestedAt, message]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
    .slice(0, 1024)
  const runtime = run.runtimes.get(run.name)
  if (runtime === undefined || request === '' || request === runtime.acceptedRequest) return undefined
  // The annotation stays where it is; another request does not use its message again.
  const isConsumed = message === '' || message === runtime.acceptedMessage
  runtime.acceptedRequest = request
  runtime.acceptedMessage = message
  const options = { message: isConsumed ? undefined : message, compare: requestedAt !== undefined }
  run.environment.clock.after(CATCH_UP_MS, () => runtime.member.save(request, options))
  return undefined
}
