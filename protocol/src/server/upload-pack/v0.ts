import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { FLUSH, packetLine, packetText, readPacket } from '../../format/packet-line.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { RepositoryState } from '../store/repository-store.ts'
import { framed } from '../wire/side-band.ts'
import { answerFetch } from './answer-fetch.ts'
import { RequestLines } from './fetch-request.ts'
import type { FetchRequest } from './fetch-request.ts'
import { isEnough } from './negotiate.ts'
import { listedRefs } from './ref-list.ts'

const CAPABILITIES = [
  'multi_ack_detailed',
  'no-done',
  'thin-pack',
  'side-band-64k',
  'ofs-delta',
  'shallow',
  'deepen-since',
  'deepen-not',
  'deepen-relative',
  'no-progress',
  'include-tag',
  'allow-tip-sha1-in-want',
  'allow-reachable-sha1-in-want',
  'filter',
]

/** The refs, and what is offered in the protocols before version 2 (gitprotocol-pack, "Reference Discovery"). */
export function advertiseV0(
  state: RepositoryState,
  {
    agent,
    capabilities,
    isWithHead,
  }: { readonly agent: string; readonly capabilities: readonly string[]; readonly isWithHead: boolean },
): Buffer {
  const { format, head } = state
  const lines = listedRefs(state).flatMap(({ name, oid, peeled, symref }) => {
    if (oid === undefined || (symref !== undefined && !isWithHead)) return []
    return [`${oid} ${name}`, ...(peeled === undefined ? [] : [`${peeled} ${name}^{}`])]
  })
  const words = [
    ...capabilities,
    ...(isWithHead && state.refs.has(head) ? [`symref=HEAD:${head}`] : []),
    `object-format=${format.name}`,
    `agent=${agent}`,
  ]
  const [first = `${format.zero} capabilities^{}`, ...others] = lines
  return Buffer.concat([...[`${first}\0${words.join(' ')}`, ...others].map((line) => packetLine(`${line}\n`)), FLUSH])
}

export const advertiseUploadPackV0 = (state: RepositoryState, agent: string): Buffer =>
  advertiseV0(state, { agent, capabilities: CAPABILITIES, isWithHead: true })

/** One round of a fetch over HTTP (gitprotocol-http, "Smart Service git-upload-pack"). @throws GitError */
export async function* uploadPackV0(
  body: AsyncIterable<Uint8Array>,
  state: RepositoryState,
  objects: ObjectStore,
): AsyncGenerator<Buffer> {
  const read = await readRequest(new ByteReader(body), state)
  if (read === undefined) return
  const { request, capabilities, isWithHaves } = read
  const answer = await answerFetch(state, objects, request)
  const { shallow, unshallow } = answer.boundary
  if (request.deepen !== undefined)
    yield Buffer.concat([
      ...[...shallow.map((oid) => `shallow ${oid}`), ...unshallow.map((oid) => `unshallow ${oid}`)].map((line) =>
        packetLine(`${line}\n`),
      ),
      FLUSH,
    ])
  // Who asks only where the history ends sends neither haves nor done.
  if (!isWithHaves && !request.isDone) return
  const common = [...new Set(request.haves)].filter((oid) => objects.has(oid))
  const isDetailed = capabilities.has('multi_ack_detailed')
  const isReady = isDetailed && (await isEnough(objects, request.wants, common))
  const last: ObjectId | undefined = common.at(-1)
  if (isDetailed) for (const oid of common) yield packetLine(`ACK ${oid} common\n`)
  if (isReady && last !== undefined) yield packetLine(`ACK ${last} ready\n`)
  if (!request.isDone) {
    yield packetLine('NAK\n')
    if (!isReady || last === undefined || !capabilities.has('no-done')) return
  }
  yield packetLine(last === undefined ? 'NAK\n' : `ACK ${last}\n`)
  if (capabilities.has('side-band-64k')) yield* framed(answer.pack(common))
  else yield* answer.pack(common)
}

async function readRequest(
  input: ByteReader,
  state: RepositoryState,
): Promise<
  | { readonly request: FetchRequest; readonly capabilities: ReadonlySet<string>; readonly isWithHaves: boolean }
  | undefined
> {
  const lines = new RequestLines(state.format, (name) => state.refs.get(name)?.oid)
  let capabilities: ReadonlySet<string> = new Set()
  let isFirst = true
  let flushes = 0
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined) break
    if (packet.type === 'flush') {
      flushes++
      continue
    }
    if (packet.type !== 'data')
      throw new GitError('Malformed', `a ${packet.type} packet in a request of protocol version 0`)
    let line = packetText(packet.payload)
    if (isFirst) {
      const [, want = line, words = ''] = /^(want \S+) ?(.*)$/s.exec(line) ?? []
      capabilities = new Set(words.split(' '))
      line = want
      isFirst = false
    }
    if (!lines.take(line)) throw new GitError('Malformed', `unexpected line ${JSON.stringify(line.slice(0, 200))}`)
    if (line === 'done') break
  }
  if (isFirst) return undefined
  for (const flag of ['thin-pack', 'ofs-delta', 'include-tag', 'no-progress', 'deepen-relative'])
    if (capabilities.has(flag)) lines.take(flag)
  const request = lines.finish()
  return { request, capabilities, isWithHaves: flushes > 1 || request.haves.length > 0 }
}
