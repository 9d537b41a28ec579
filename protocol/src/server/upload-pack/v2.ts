import { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { DELIMITER, FLUSH, packetLine, packetText, readPacket } from '../../format/packet-line.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import { sizeOf } from '../pack/size-of.ts'
import type { RepositoryState } from '../store/repository-store.ts'
import { framed } from '../wire/side-band.ts'
import { answerFetch } from './answer-fetch.ts'
import { RequestLines } from './fetch-request.ts'
import type { FetchRequest } from './fetch-request.ts'
import { isEnough } from './negotiate.ts'
import { beginsWithOneOf, listedRefs } from './ref-list.ts'

/** What is offered in protocol version 2 (gitprotocol-v2, "Capability Advertisement"). */
export function advertiseV2({ format }: RepositoryState, agent: string): Buffer {
  const lines = [
    'version 2',
    `agent=${agent}`,
    'ls-refs=unborn',
    'fetch=shallow wait-for-done filter',
    'server-option',
    `object-format=${format.name}`,
    'object-info',
  ]
  return Buffer.concat([...lines.map((line) => packetLine(`${line}\n`)), FLUSH])
}

/** Lines of one command: wants and haves by the thousand are fine, more is nobody's. */
const MAX_LINES = 500_000

/** A repository that is read. */
export interface Source {
  /** As it was a while ago, maybe. */
  readonly state: RepositoryState
  /** As it is. */
  latest(): Promise<RepositoryState>
  objectsOf(state: RepositoryState): Promise<ObjectStore>
}

/** One command of protocol version 2, and its answer. @throws GitError */
export async function* uploadPackV2(body: AsyncIterable<Uint8Array>, source: Source): AsyncGenerator<Buffer> {
  const { command, args } = await readCommand(new ByteReader(body), source.state)
  if (command === 'ls-refs') yield lsRefs(await source.latest(), args)
  else if (command === 'object-info') yield await objectInfo((await withAll(args, source)).objects, args)
  else if (command === 'fetch') {
    const { state, objects } = await withAll(args, source)
    yield* fetch(state, objects, args)
  } else if (command !== undefined) throw new GitError('Unsupported', `unknown command ${JSON.stringify(command)}`)
}

/** The repository, looked at anew only where something is asked for that it had not, or that only its refs can tell. */
async function withAll(
  args: readonly string[],
  source: Source,
): Promise<{ readonly state: RepositoryState; readonly objects: ObjectStore }> {
  // Packs that it names may be gone by now.
  const objects = await source.objectsOf(source.state).catch(() => undefined)
  const isThere = args.every((line) => {
    const [, oid] = /^(?:want|oid) (.*)$/.exec(line) ?? []
    return oid === undefined ? !line.startsWith('deepen-not ') : objects?.has(oid)
  })
  if (isThere && objects !== undefined) return { state: source.state, objects }
  const state = await source.latest()
  return { state, objects: (state === source.state && objects) || (await source.objectsOf(state)) }
}

async function readCommand(
  input: ByteReader,
  { format }: RepositoryState,
): Promise<{ readonly command: string | undefined; readonly args: readonly string[] }> {
  let command: string | undefined
  let isArgs = false
  const args: string[] = []
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined || packet.type === 'flush') break
    if (packet.type !== 'data') {
      isArgs = true
      continue
    }
    const line = packetText(packet.payload)
    if (isArgs) {
      if (args.push(line) > MAX_LINES)
        throw new GitError('LimitExceeded', `more than ${MAX_LINES} lines in one request`)
    } else if (line.startsWith('command=')) command = line.slice('command='.length)
    else if (line.startsWith('object-format=') && line !== `object-format=${format.name}`)
      throw new GitError('Malformed', `mismatched object format; server ${format.name}; client ${line.slice(14, 40)}`)
  }
  return { command, args }
}

function lsRefs(state: RepositoryState, args: readonly string[]): Buffer {
  const words = new Set(args)
  const prefixes = args.filter((line) => line.startsWith('ref-prefix ')).map((line) => line.slice('ref-prefix '.length))
  const isAsked = beginsWithOneOf(prefixes)
  const lines = listedRefs(state).flatMap(({ name, oid, peeled, symref }) => {
    if (!isAsked(name) || (oid === undefined && !words.has('unborn'))) return []
    const target = symref !== undefined && (words.has('symrefs') || oid === undefined) ? ` symref-target:${symref}` : ''
    const stands = peeled !== undefined && words.has('peel') ? ` peeled:${peeled}` : ''
    return [packetLine(`${oid ?? 'unborn'} ${name}${target}${stands}\n`)]
  })
  return Buffer.concat([...lines, FLUSH])
}

async function objectInfo(objects: ObjectStore, args: readonly string[]): Promise<Buffer> {
  const isSized = args.includes('size')
  const lines: Buffer[] = isSized ? [packetLine('size')] : []
  for (const line of args) {
    if (line === 'size') continue
    const oid = line.startsWith('oid ') ? line.slice('oid '.length) : ''
    if (!isObjectId(oid))
      throw new GitError('Malformed', `object-info: unexpected line ${JSON.stringify(line.slice(0, 200))}`)
    lines.push(packetLine(isSized ? `${oid} ${await sizeIfThere(objects, oid)}` : oid))
  }
  return Buffer.concat([...lines, FLUSH])
}

/** As text; nothing of what is not there. */
async function sizeIfThere(objects: ObjectStore, oid: ObjectId): Promise<string> {
  const at = objects.locate(oid)
  const pack = at && objects.packs[at.pack]
  return at === undefined || pack === undefined ? '' : String(await sizeOf(pack, at.offset))
}

async function* fetch(state: RepositoryState, objects: ObjectStore, args: readonly string[]): AsyncGenerator<Buffer> {
  const lines = new RequestLines(state.format, (name) => state.refs.get(name)?.oid)
  for (const line of args)
    if (!lines.take(line))
      throw new GitError('Malformed', `fetch: unexpected line ${JSON.stringify(line.slice(0, 200))}`)
  const request = lines.finish()
  const { wants, haves, flags, isDone } = request
  const common = await commonOf(objects, request)
  const answer = wants.length === 0 ? undefined : await answerFetch(state, objects, request)
  const mayEnd = answer !== undefined && !flags.has('wait-for-done')
  // Who has nothing has nothing more to say.
  if (!isDone && !(mayEnd && haves.length === 0)) {
    const acks = common.length === 0 ? ['NAK'] : common.map((oid) => `ACK ${oid}`)
    const isReady = mayEnd && (await isEnough(objects, wants, common))
    yield packets(['acknowledgments', ...acks, ...(isReady ? ['ready'] : [])])
    if (!isReady) {
      yield FLUSH
      return
    }
    yield DELIMITER
  }
  if (answer === undefined) {
    yield FLUSH
    return
  }
  const { shallow, unshallow } = answer.boundary
  if (request.deepen !== undefined) {
    yield packets([
      'shallow-info',
      ...shallow.map((oid) => `shallow ${oid}`),
      ...unshallow.map((oid) => `unshallow ${oid}`),
    ])
    yield DELIMITER
  }
  yield packets(['packfile'])
  yield* framed(answer.pack(common))
}

async function commonOf(objects: ObjectStore, { haves }: FetchRequest): Promise<ObjectId[]> {
  return [...new Set(haves)].filter((oid) => objects.has(oid))
}

const packets = (lines: readonly string[]): Buffer => Buffer.concat(lines.map((line) => packetLine(`${line}\n`)))
