import { GitError, isGitError } from '../format/errors.ts'
import type { ObjectFormat } from '../format/object-id.ts'
import { packBody, writePack } from '../format/pack-writer.ts'
import type { PackEntry, StreamedEntry } from '../format/pack-writer.ts'
import { FLUSH, packetLine } from '../format/packet-line.ts'
import { done, haveLanded, refusalOf, settle } from './push-result.ts'
import type { RefResult, RefUpdate } from './push-result.ts'
import { receivePackCapabilities } from './wire/receive-pack-capabilities.ts'
import { readReport } from './wire/report-status.ts'
import type { PushReport } from './wire/report-status.ts'
import { bodyLength } from './request-body.ts'
import type { RequestBody } from './request-body.ts'
import type { Session } from './session.ts'

/** The same objects, as deltas where that is shorter, and whole for servers that take no deltas. */
export interface PackContents {
  readonly thin: readonly (PackEntry | StreamedEntry)[]
  readonly whole: readonly (PackEntry | StreamedEntry)[]
}

export interface PushOptions {
  /** All refs or none. @throws GitError `Unsupported` where the server cannot; one request more, the first time */
  readonly atomic?: boolean
  /**
   * Strings for the server's hooks (git-push, `--push-option`).
   * @throws GitError `Unsupported` where the server takes none; one request more, the first time
   */
  readonly pushOptions?: readonly string[]
  /**
   * Look at the refs after the server says `ok`: one request more. Default: only where the server has shown neither
   * protocol version 2 nor git's own name. Those that say `ok` and do nothing are among these few, and a look at each push
   * to all the others would double its price.
   */
  readonly verify?: boolean
}

const NOTHING: PackContents = { thin: [], whole: [] }

/**
 * Pushes refs: a single request, without a look before. The server compares each ref with `old` and swaps.
 * An answer that was lost is not an outcome: the refs are looked at before anything is reported, and nothing is sent twice.
 * @returns a result for each update, in their order
 * @throws GitError `Unsupported`, `InvalidInput` for an impossible push option, and as every request
 */
export async function pushRefs(
  session: Session,
  updates: readonly RefUpdate[],
  options: PushOptions & { readonly pack?: PackContents } = {},
): Promise<RefResult[]> {
  const { pack = NOTHING } = options
  const request: PushRequest = { updates, ...(await negotiate(session, updates, options)) }
  const isNew = pack.whole.some(({ type }) => type === 'commit')
  let report: PushReport
  try {
    report = await send(session, request, session.thinPacks ? pack.thin : pack.whole)
    if (report.unpack !== 'ok' && session.thinPacks && pack.thin.some(({ type }) => type === 'ref-delta')) {
      const second = await send(session, request, pack.whole)
      if (second.unpack === 'ok') session.thinPacks = false
      report = second
    }
  } catch (error) {
    if (!isGitError(error, 'Network', 'Timeout', 'ServerError', 'Malformed')) throw error
    if (await haveLanded(session, updates, isNew)) return updates.map((update) => done(update, [], {}))
    throw error
  }
  const { verify = !(await isKnownGood(session)) } = options
  return settle(session, updates, report, verify)
}

/** The same for one ref, which succeeds or throws. @throws GitError as {@link pushRefs} and {@link refusalOf} */
export async function pushRef(
  session: Session,
  update: RefUpdate,
  options: PushOptions & { readonly pack?: PackContents } = {},
): Promise<RefResult> {
  const [result] = await pushRefs(session, [update], options)
  const refusal = result && refusalOf(result)
  if (refusal !== undefined) throw refusal
  return result as RefResult
}

interface PushRequest {
  readonly updates: readonly RefUpdate[]
  readonly capabilities: readonly string[]
  readonly pushOptions: readonly string[] | undefined
}

/** What a push asks for. Only what not every server has costs a look. */
async function negotiate(
  session: Session,
  updates: readonly RefUpdate[],
  { atomic = false, pushOptions }: PushOptions,
): Promise<Omit<PushRequest, 'updates'>> {
  const { format, remote } = session
  const capabilities = ['report-status', 'side-band-64k', `agent=${remote.userAgent}`]
  if (format.name !== 'sha1') capabilities.push(`object-format=${format.name}`)
  // Elsewhere a hook may do something else than it was asked for, and say so in the second form of the report. Both forms
  // are named, since a server that knows only the first would stay silent.
  if (updates.some(({ ref }) => !/^refs\/(?:heads|tags)\//.test(ref))) capabilities.push('report-status-v2')
  const needed = [
    ...(atomic && updates.length > 1 ? ['atomic'] : []),
    ...(pushOptions !== undefined && pushOptions.length > 0 ? ['push-options'] : []),
  ]
  if (needed.length > 0) {
    const offered = await receivePackCapabilities(session)
    const lacking = needed.find((capability) => !offered.has(capability))
    if (lacking !== undefined) {
      throw new GitError('Unsupported', `${remote.url} does not offer ${lacking}; push without it`, {
        expected: lacking,
      })
    }
  }
  for (const option of pushOptions ?? []) checkPushOption(option)
  return {
    capabilities: [...capabilities, ...needed],
    pushOptions: needed.includes('push-options') ? pushOptions : undefined,
  }
}

const MAX_PUSH_OPTION = 1024

/** @throws GitError `InvalidInput` */
function checkPushOption(option: string): void {
  if (option !== '' && !/[\n\0]/.test(option) && option.length <= MAX_PUSH_OPTION) return
  const rule = `must be 1 to ${MAX_PUSH_OPTION} characters, without line breaks and NUL`
  throw new GitError('InvalidInput', `pushOptions: ${JSON.stringify(option.slice(0, 100))} ${rule}`, {
    field: 'pushOptions',
  })
}

async function send(session: Session, request: PushRequest, entries: PackContents['thin']): Promise<PushReport> {
  const { format, remote } = session
  const { updates, capabilities, pushOptions } = request
  const commands = updates.map(({ ref, old, new: next }, index) => {
    const line = `${old ?? format.zero} ${next ?? format.zero} ${ref}`
    return packetLine(index === 0 ? `${line}\0${capabilities.join(' ')}` : line)
  })
  const options = pushOptions === undefined ? [] : [...pushOptions.map((option) => packetLine(option)), FLUSH]
  const head = [...commands, FLUSH, ...options]
  // Deletions carry no pack at all; every other command carries one, if only an empty one.
  const bare = updates.every((update) => update.new === null)
  const input = await remote.receivePack(bare ? head : withPack(head, entries, format))
  try {
    return await readReport(input, remote.redact)
  } finally {
    await input.close()
  }
}

function withPack(head: readonly Uint8Array[], entries: PackContents['thin'], format: ObjectFormat): RequestBody {
  const held = entries.filter((entry): entry is PackEntry => !('deflated' in entry))
  if (held.length === entries.length) return [...head, ...writePack(held, format)]
  const pack = packBody(entries, format)
  return {
    length: bodyLength(head) + pack.length,
    async *chunks() {
      yield* head
      yield* pack.chunks()
    },
  }
}

async function isKnownGood(session: Session): Promise<boolean> {
  const seen = session.advertisement ?? (await session.receivePack?.catch(() => undefined))
  // A push that needs no look at the server comes from a snapshot, which an earlier look has given.
  if (session.isCurrent || seen === undefined) return true
  return seen.version === 2 || (seen.capabilities.get('agent') ?? '').startsWith('git/')
}
