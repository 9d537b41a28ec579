import type { ByteReader } from '../../format/byte-reader.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import { beginsPack } from '../../format/pack-header.ts'
import { FLUSH, packetLine, packetText, readPacket } from '../../format/packet-line.ts'
import { RemoteMessages, sideBand } from '../../format/side-band.ts'
import type { Advertisement } from './advertisement.ts'
import type { FetchRequest } from './fetch.ts'
import { formRefused, packAnswer } from './pack-answer.ts'
import type { PackAnswer } from './pack-answer.ts'
import type { Remote } from '../remote/remote.ts'
import type { Session } from '../session.ts'

/** One of each is asked for: the first that the server offers. */
const CHOICES = [
  ['side-band-64k', 'side-band'],
  // Some servers answer only those who know how to negotiate, though nothing has to be negotiated.
  ['multi_ack_detailed', 'multi_ack'],
  ['ofs-delta'],
  ['no-progress'],
]

/**
 * One fetch in the protocol before version 2 (gitprotocol-pack, "Packfile Negotiation"), in one round: it needs no
 * memory on the server. Nothing is asked for that the server does not offer.
 * @throws GitError `Unsupported` when the server offers or sends no such thing, and as every request
 */
export async function openPackV0(session: Session, request: FetchRequest, format: ObjectFormat): Promise<PackAnswer> {
  const { remote } = session
  const offered: Advertisement['capabilities'] = session.learned.advertisement?.capabilities ?? new Map()
  if (request.filter !== undefined && !offered.has('filter')) throw formRefused(remote, 'it offers no filters')
  if (request.inner === true && !offered.has('allow-any-sha1-in-want')) {
    throw formRefused(remote, 'it sends nothing but what refs lead to')
  }
  if (request.shallow !== undefined && !offered.has('shallow')) throw formRefused(remote, 'it offers no shallow fetch')
  const input = await remote.uploadPack({
    operation: 'fetch',
    version: 0,
    body: body({ remote, format, request, offered }),
  })
  return packAnswer(input, () => seekPack(session, input))
}

interface Asked {
  readonly remote: Remote
  readonly format: ObjectFormat
  readonly request: FetchRequest
  readonly offered: Advertisement['capabilities']
}

function body(asked: Asked): Buffer[] {
  const { request, offered } = asked
  const { wants, haves = [], shallow = [], deepen, filter } = request
  const [first = '', ...others] = wants
  const lines = [
    `want ${first} ${wordsFor(asked).join(' ')}\n`,
    ...others.map((oid) => `want ${oid}\n`),
    ...shallow.map((oid) => `shallow ${oid}\n`),
    // A server without shallow fetches sends the history along, and that holds what was wanted as well.
    ...(deepen === undefined || !offered.has('shallow') ? [] : [`deepen ${deepen}\n`]),
    ...(filter === undefined ? [] : [`filter ${filter}\n`]),
  ]
  const known = haves.map((oid) => `have ${oid}\n`)
  return [...lines.map(packetLine), FLUSH, ...[...known, 'done\n'].map(packetLine)]
}

function wordsFor({ remote, format, request, offered }: Asked): string[] {
  const { thin = false, filter, deepen, shallow } = request
  const words = CHOICES.flatMap((choice) => choice.find((word) => offered.has(word)) ?? [])
  if (thin && offered.has('thin-pack')) words.push('thin-pack')
  if ((deepen !== undefined || shallow !== undefined) && offered.has('shallow')) words.push('shallow')
  if (filter !== undefined) words.push('filter')
  if (offered.has('object-format')) words.push(`object-format=${format.name}`)
  if (offered.has('agent')) words.push(`agent=${remote.userAgent.replace(/[^\x21-\x7e]/g, '-')}`)
  return words
}

/** Skips what stands before the pack: `shallow`, `unshallow`, `ACK` and `NAK` lines. */
async function seekPack({ remote }: Session, input: ByteReader): Promise<AsyncIterable<Buffer>> {
  for (;;) {
    // The pack's own letters in place of a length mean that there are no channels, a channel's number in place of text
    // that there are.
    if (await input.fill(5)) {
      if (beginsPack(input.held)) return rest(input)
      if ((input.held[4] ?? 0) <= 3) return sideBand(input, new RemoteMessages(remote.redact))
    }
    const packet = await readPacket(input)
    if (packet === undefined) throw formRefused(remote, 'an answer without a pack')
    if (packet.type !== 'data') continue
    const line = packetText(packet.payload)
    if (line.startsWith('ERR ')) throw formRefused(remote, remote.printable(line.slice(4)))
  }
}

async function* rest(input: ByteReader): AsyncGenerator<Buffer> {
  while (!(await input.atEnd())) {
    const chunk = input.held
    input.skip(chunk.length)
    yield chunk
  }
}
