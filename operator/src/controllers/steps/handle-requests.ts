import { askedBy, newRequest } from '../requests.ts'
import type { Problem, Reconciliation } from '../step.ts'

/** An object that was saved just before the request may still be on its way through its own watch. */
const CATCH_UP_MS = 500

/** Each value of the annotations is acted on once: they stay where they are. */
export function handleRequests({ gitsync, runtimes, name, environment }: Reconciliation): Problem | undefined {
  const runtime = runtimes.get(name)
  if (runtime === undefined) return undefined
  const asked = askedBy(gitsync.metadata.annotations)
  const request = newRequest(asked, runtime.accepted)
  runtime.accepted = asked
  if (request === undefined) return undefined
  const { message, requestedAt } = request
  const options = { message, compare: requestedAt !== undefined }
  if (options.compare) runtime.askNow()
  environment.clock.after(CATCH_UP_MS, () => runtime.member.save(request.name, options))
  return undefined
}
