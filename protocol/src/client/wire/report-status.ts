import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { printable, RemoteMessages, sideBand } from '../../format/side-band.ts'
import type { Redact } from '../../format/side-band.ts'

/** What a hook did in place of a command (gitprotocol-pack, "Report Status", `option` lines). */
export interface RefOptions {
  /** The ref that was updated instead. */
  readonly refName?: string
  readonly oldOid?: ObjectId
  readonly newOid?: ObjectId
  readonly forcedUpdate?: boolean
}

/** A server's answer to a push (gitprotocol-pack, "Report Status"). */
export interface PushReport {
  /** `ok`, or why the pack was not taken. */
  readonly unpack: string
  /** By ref: null for success, else the server's reason. */
  readonly refs: ReadonlyMap<string, string | null>
  /** By ref, for those that a hook has dealt with. */
  readonly options: ReadonlyMap<string, RefOptions>
  /** What hooks and the server printed for people. */
  readonly messages: readonly string[]
}

/**
 * Reads the report, with or without side-band.
 * @param pushed names of the refs in question: lines about others are passed over
 * @throws GitError `Malformed` when there is no report: nobody knows then whether the push happened; `ServerError`
 */
export async function readReport(input: ByteReader, redact: Redact, pushed: ReadonlySet<string>): Promise<PushReport> {
  const messages = new RemoteMessages(redact)
  if (await input.atEnd()) throw new GitError('Malformed', 'the server answers a push without a report')
  // With side-band the first packet's payload begins with a channel number, without it with the text "unpack".
  await input.fill(5)
  const direct = (input.held[4] ?? 0) > 3
  const report = await readLines(direct ? input : new ByteReader(sideBand(input, messages)), redact, pushed)
  return { ...report, messages: messages.lines() }
}

async function readLines(
  input: ByteReader,
  redact: Redact,
  pushed: ReadonlySet<string>,
): Promise<Omit<PushReport, 'messages'>> {
  let unpack: string | undefined
  const refs = new Map<string, string | null>()
  const options = new Map<string, RefOptions>()
  let latest = ''
  const words = (...parts: readonly string[]): string => printable(redact(parts.join(' ')))
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined || packet.type !== 'data') break
    const [word = '', subject = '', ...reason] = packetText(packet.payload).split(' ')
    if (word === 'unpack') unpack = words(subject, ...reason)
    else if (word === 'ok' || word === 'ng') {
      latest = subject
      if (pushed.has(subject)) refs.set(subject, word === 'ok' ? null : words(...reason) || 'no reason given')
    } else if (word === 'option' && pushed.has(latest)) {
      const value = words(...reason)
      options.set(latest, { ...options.get(latest), ...refOption(subject, value) })
    } else if (word === 'ERR')
      throw new GitError('ServerError', `the server refuses the push: ${words(subject, ...reason)}`)
  }
  // The rest is progress for people.
  while (!(await input.atEnd())) input.skip(input.held.length)
  if (unpack === undefined) throw new GitError('Malformed', 'the server answers a push without a report')
  return { unpack, refs, options }
}

function refOption(name: string, value: string): RefOptions {
  switch (name) {
    case 'refname':
      return { refName: value }
    case 'old-oid':
      return { oldOid: value }
    case 'new-oid':
      return { newOid: value }
    case 'forced-update':
      return { forcedUpdate: true }
    default:
      return {}
  }
}
