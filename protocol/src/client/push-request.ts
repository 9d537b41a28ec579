import { GitError } from '../format/errors.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import type { RefUpdate } from './push-result.ts'
import { checkFullRefName } from './ref-name.ts'
import type { Session } from './session.ts'
import { receivePackCapabilities } from './wire/receive-pack-capabilities.ts'

/** What a push asks for, ready to be written. */
export interface PushRequest {
  readonly updates: readonly RefUpdate[]
  /** The hash function of the ids. */
  readonly format: ObjectFormat
  readonly capabilities: readonly string[]
  /** Empty for none. */
  readonly pushOptions: readonly string[]
}

/**
 * Checks a push, and names the capabilities that it needs. Only what not every server has costs a look, the first time.
 * @throws GitError `InvalidInput` for a name that Git does not allow, an id of another hash function, or an impossible push
 *   option; `Unsupported` where the server lacks what is asked for
 */
export async function pushRequest(
  session: Session,
  updates: readonly RefUpdate[],
  { atomic = false, pushOptions = [] }: { readonly atomic?: boolean; readonly pushOptions?: readonly string[] },
): Promise<PushRequest> {
  const { remote } = session
  // Names may come from another server: what is no name could hold capabilities, or a second command.
  for (const { ref } of updates) checkFullRefName(ref)
  for (const option of pushOptions) checkPushOption(option)
  const format = hashFunction(session, updates)
  const capabilities = ['report-status', 'side-band-64k', `agent=${remote.userAgent}`]
  if (format.name !== 'sha1') capabilities.push(`object-format=${format.name}`)
  // Elsewhere a hook may do something else than it was asked for, and say so in the second form of the report. Both forms
  // are named, since a server that knows only the first would stay silent.
  if (updates.some(({ ref }) => !/^refs\/(?:heads|tags)\//.test(ref))) capabilities.push('report-status-v2')
  const needed = [
    ...(atomic && updates.length > 1 ? ['atomic'] : []),
    ...(pushOptions.length > 0 ? ['push-options'] : []),
  ]
  if (needed.length > 0) await checkOffered(session, needed)
  return { updates, format, capabilities: [...capabilities, ...needed], pushOptions }
}

/** @throws GitError `InvalidInput` */
function hashFunction(session: Session, updates: readonly RefUpdate[]): ObjectFormat {
  let { format } = session
  let first: string | undefined
  for (const { ref, old, new: next } of updates) {
    for (const [field, oid] of Object.entries({ old, new: next })) {
      if (oid === null) continue
      format = session.formatOf(oid, field)
      first ??= oid
      if (oid.length === first.length) continue
      const message = `${field} of ${ref} is an id of another hash function than ${first}`
      throw new GitError('InvalidInput', message, { field, ref, actual: oid })
    }
  }
  return format
}

/** @throws GitError `Unsupported` */
async function checkOffered(session: Session, needed: readonly string[]): Promise<void> {
  const offered = await receivePackCapabilities(session)
  const lacking = needed.find((capability) => !offered.has(capability))
  if (lacking === undefined) return
  const message = `${session.remote.url} does not offer ${lacking}; push without it`
  throw new GitError('Unsupported', message, { expected: lacking })
}

export const MAX_PUSH_OPTION = 1024

/** @throws GitError `InvalidInput` */
function checkPushOption(option: string): void {
  if (option !== '' && !/[\n\0]/.test(option) && option.length <= MAX_PUSH_OPTION) return
  const rule = `must be 1 to ${MAX_PUSH_OPTION} characters, without line breaks and NUL`
  throw new GitError('InvalidInput', `pushOptions: ${JSON.stringify(option.slice(0, 100))} ${rule}`, {
    field: 'pushOptions',
  })
}
