import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../format/object-id.ts'
import { writePack } from '../format/pack-writer.ts'
import type { PackEntry } from '../format/pack-writer.ts'
import { FLUSH, MAX_PAYLOAD, packetLine } from '../format/packet-line.ts'
import type { Answer } from './fake-transport.ts'

/** A ref, as a server lists it. */
export interface ListedRef {
  readonly name: string
  /** Null: a symbolic ref to a branch that has no commit yet. */
  readonly oid: ObjectId | null
  readonly symref?: string
  readonly peeled?: ObjectId
}

type Service = 'git-upload-pack' | 'git-receive-pack'

/**
 * The answer to a discovery (gitprotocol-v2, "Capability Advertisement").
 * @param capabilities one for each line, such as `fetch=shallow filter`
 */
export function capabilitiesAnswer(capabilities: readonly string[]): Answer {
  const lines = ['version 2', ...capabilities].map((line) => packetLine(`${line}\n`))
  return advertisement('git-upload-pack', [...lines, FLUSH])
}

/**
 * The same in the protocols before version 2, and of `git-receive-pack` in all of them (gitprotocol-pack, "Reference
 * Discovery").
 */
export function oldRefsAnswer(
  service: Service,
  refs: readonly ListedRef[],
  capabilities: readonly string[],
  format: ObjectFormat = SHA1,
): Answer {
  const lines = refs.flatMap(({ name, oid, peeled }) => [
    ...(oid === null ? [] : [`${oid} ${name}`]),
    ...(peeled === undefined ? [] : [`${peeled} ${name}^{}`]),
  ])
  const [first = `${format.zero} capabilities^{}`, ...others] = lines
  const words = `${first}\0${capabilities.join(' ')}`
  return advertisement(service, [...[words, ...others].map((line) => packetLine(`${line}\n`)), FLUSH])
}

/** The answer to `ls-refs` (gitprotocol-v2). */
export function refsAnswer(refs: readonly ListedRef[]): Answer {
  const lines = refs.map(({ name, oid, symref, peeled }) =>
    [
      oid ?? 'unborn',
      name,
      ...(symref === undefined ? [] : [`symref-target:${symref}`]),
      ...(peeled === undefined ? [] : [`peeled:${peeled}`]),
    ].join(' '),
  )
  return result('git-upload-pack', [...lines.map((line) => packetLine(`${line}\n`)), FLUSH])
}

/** The answer to `fetch` (gitprotocol-v2): a pack of these objects. */
export function packAnswer(
  entries: readonly PackEntry[],
  options: {
    /** Default SHA-1. */
    readonly format?: ObjectFormat
    /** Packets between, such as those of `shallow-info`. Default: none. */
    readonly before?: readonly Uint8Array[]
  } = {},
): Answer {
  const { format = SHA1, before = [] } = options
  const pack = Buffer.concat(writePack(entries, format))
  return result('git-upload-pack', [...before, packetLine('packfile\n'), ...sideBandPackets(1, pack), FLUSH])
}

/**
 * The answer to a push (gitprotocol-pack, "Report Status").
 * @param refs name → null, or why it was not updated
 */
export function reportAnswer(
  refs: ReadonlyMap<string, string | null>,
  options: {
    /** What became of the pack. Default `ok`. */
    readonly unpack?: string
    /** Text for people. Default: none. */
    readonly messages?: string
  } = {},
): Answer {
  const { unpack = 'ok', messages = '' } = options
  const lines = [...refs].map(([ref, reason]) => (reason === null ? `ok ${ref}` : `ng ${ref} ${reason}`))
  const report = Buffer.concat([...[`unpack ${unpack}`, ...lines].map((line) => packetLine(`${line}\n`)), FLUSH])
  return result('git-receive-pack', [
    ...sideBandPackets(2, Buffer.from(messages)),
    ...sideBandPackets(1, report),
    FLUSH,
  ])
}

/** How a server refuses in Git's own words (gitprotocol-pack, "pkt-line Format"). */
export function errorAnswer(text: string, service: Service = 'git-upload-pack'): Answer {
  return result(service, [packetLine(`ERR ${text}\n`)])
}

/** Bytes on a channel (gitprotocol-pack, "side-band"): 1 data, 2 text for people, 3 the last words of a server. */
export function sideBandPackets(channel: 1 | 2 | 3, bytes: Uint8Array): Buffer[] {
  const packets: Buffer[] = []
  for (let at = 0; at < bytes.length; at += MAX_PAYLOAD - 1) {
    packets.push(packetLine(Buffer.concat([Buffer.of(channel), bytes.subarray(at, at + MAX_PAYLOAD - 1)])))
  }
  return packets
}

function advertisement(service: Service, packets: readonly Uint8Array[]): Answer {
  const body = Buffer.concat([packetLine(`# service=${service}\n`), FLUSH, ...packets])
  return { headers: { 'content-type': `application/x-${service}-advertisement` }, body }
}

/** The answer of a service, made of packets. */
export function result(service: Service, packets: readonly Uint8Array[]): Answer {
  return { headers: { 'content-type': `application/x-${service}-result` }, body: Buffer.concat(packets) }
}
