import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { discover } from '../../../protocol/src/client/wire/discovery.ts'
import { readReport } from '../../../protocol/src/client/wire/report-status.ts'
import type { Remote } from '../../../protocol/src/client/remote/remote.ts'
import { ByteReader } from '../../../protocol/src/format/byte-reader.ts'
import { parseCommit, serializeCommit } from '../../../protocol/src/format/commit.ts'
import { deltaAgainst } from '../../../protocol/src/format/delta-against.ts'
import { applyDelta } from '../../../protocol/src/format/delta.ts'
import { parseIdentity } from '../../../protocol/src/format/identity.ts'
import { objectId, SHA1, SHA256 } from '../../../protocol/src/format/object-id.ts'
import { readPack } from '../../../protocol/src/format/pack-reader.ts'
import { writePack } from '../../../protocol/src/format/pack-writer.ts'
import type { PackEntry } from '../../../protocol/src/format/pack-writer.ts'
import { FLUSH, packetLine, readPacket } from '../../../protocol/src/format/packet-line.ts'
import { RemoteMessages, sideBand } from '../../../protocol/src/format/side-band.ts'
import { memorySpill } from '../../../protocol/src/format/spill.ts'
import { parseTag } from '../../../protocol/src/format/tag.ts'
import { editTree } from '../../../protocol/src/format/tree-edit.ts'
import { Mode, parseTree, serializeTree } from '../../../protocol/src/format/tree.ts'
import type { Random } from '../../chaos/random.ts'
import type { Target } from './fuzz.ts'
import { mutate, noise } from './mutate.ts'

const text = (value: string): Buffer => Buffer.from(value)
const A = 'a'.repeat(40)
const B = 'b'.repeat(40)

const identity = { name: 'Ann Éxample', email: 'ann@example.com', date: new Date(1_700_000_000_000), utcOffset: -150 }
const base = text(Array.from({ length: 50 }, (_, i) => `line ${i} of the base\n`).join(''))
const changed = text(base.toString().replace('line 20', 'LINE twenty'))
const tree = serializeTree([
  { mode: Mode.file, rawName: 'a-file', oid: A },
  { mode: Mode.tree, rawName: 'folder', oid: B },
  { mode: Mode.gitlink, rawName: 'sub\xc3\xa9', oid: A },
])
const tree256 = serializeTree([{ mode: Mode.executable, rawName: 'run', oid: 'c'.repeat(64) }])
const commit = serializeCommit({
  tree: A,
  parents: [A, B],
  author: identity,
  committer: identity,
  message: 'Subject\n\nBody\n',
})
const signed = text(commit.toString().replace('\n\n', '\ngpgsig -----BEGIN X-----\n abc\n \n -----END X-----\n\n'))
const tag = text(`object ${A}\ntype commit\ntag v1\ntagger Ann <ann@example.com> 1700000000 +0100\n\nWords\n`)
const refs = [
  `${A} HEAD`,
  `${B} refs/heads/main`,
  `${A} refs/tags/v1 peeled:${B}`,
  'unborn HEAD symref-target:refs/heads/main',
]
const lines = Buffer.concat([...refs.map((line) => packetLine(`${line}\n`)), text('0001'), packetLine('x'), FLUSH])
const advertised = Buffer.concat([
  packetLine('# service=git-upload-pack\n'),
  FLUSH,
  ...['version 2\n', 'agent=git/2.39\n', 'ls-refs=unborn\n', 'fetch=shallow filter\n', 'object-format=sha1\n'].map(
    packetLine,
  ),
  FLUSH,
])
const advertisedV0 = Buffer.concat([
  packetLine('# service=git-upload-pack\n'),
  FLUSH,
  packetLine(`${A} HEAD\0multi_ack side-band-64k symref=HEAD:refs/heads/main object-format=sha1 agent=git/2.39\n`),
  packetLine(`${A} refs/heads/main\n`),
  packetLine(`${B} refs/tags/v1\n`),
  packetLine(`${A} refs/tags/v1^{}\n`),
  FLUSH,
])
const status = [
  'unpack ok\n',
  'ok refs/heads/main\n',
  'option refname refs/heads/x\n',
  'ng refs/heads/b non-fast-forward\n',
]
const report = Buffer.concat([...status.map(packetLine), FLUSH])
const band = (channel: number, bytes: Buffer): Buffer => packetLine(Buffer.concat([Buffer.from([channel]), bytes]))
const banded = Buffer.concat([
  band(2, text('Resolving deltas: 1\r')),
  band(1, report),
  band(3, text('fatal: no')),
  FLUSH,
])
const bandedReport = Buffer.concat([band(2, text('remote: hi\n')), band(1, report), FLUSH])

const entries: readonly PackEntry[] = [
  { type: 'blob', bytes: base },
  { type: 'ref-delta', base: objectId(SHA1, 'blob', base), bytes: deltaAgainst(base, changed) },
  { type: 'tree', bytes: tree },
  { type: 'commit', bytes: commit },
]
const packs = [writePack(entries, SHA1), writePack(entries.toReversed(), SHA1), writePack([], SHA1)].map((pack) =>
  Buffer.concat(pack),
)
const limits = { maxObjects: 1000, maxObjectBytes: 1 << 16, maxHeldBytes: 1 << 17, maxDeltaDepth: 50 }

async function* chunked(bytes: Buffer): AsyncGenerator<Buffer> {
  // Of different lengths, so that everything is cut somewhere.
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 7) % 61)
    yield bytes.subarray(at, at + length)
}

async function readAll(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) void item
}

const packets = async (bytes: Buffer): Promise<void> => {
  const input = new ByteReader(chunked(bytes))
  while ((await readPacket(input)) !== undefined);
}

/** A pack that is right as a pack, trailer included, with damage in what it holds: what gets past the checksum. */
function damagedPack(random: Random): Buffer {
  const count = random.int(6)
  const parts = Array.from({ length: count }, () => {
    const content = random.pick([base, changed, tree, commit, deltaAgainst(base, changed)])
    const bytes = random.int(3) === 0 ? content : mutate([content], random)
    const type = random.pick([1, 2, 3, 4, 6, 7, 6, 7])
    const name =
      type === 7
        ? random.pick([Buffer.from(objectId(SHA1, 'blob', base), 'hex'), noise(random, 20)])
        : type === 6
          ? Buffer.from([random.int(128)])
          : Buffer.alloc(0)
    const size = random.int(10) === 0 ? random.int(1 << 20) : bytes.length
    return Buffer.concat([entryHeader(type, size), name, deflateSync(bytes)])
  })
  const head = Buffer.concat([text('PACK'), Buffer.from([0, 0, 0, 2, 0, 0, 0, count])])
  const body = Buffer.concat([head, ...parts])
  return Buffer.concat([body, createHash('sha1').update(body).digest()])
}

function entryHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size % 16)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}

const mutated =
  (...seeds: readonly Buffer[]) =>
  (random: Random): Buffer =>
    mutate(seeds, random)

const redact = (words: string): string => words

/** Every parser of bytes that come from a server. */
export const TARGETS: readonly Target[] = [
  { name: 'packet lines', input: mutated(lines, report, advertised), parse: packets },
  {
    name: 'side-band',
    input: mutated(banded, bandedReport),
    parse: (bytes) => readAll(sideBand(new ByteReader(chunked(bytes)), new RemoteMessages(redact))),
  },
  {
    name: 'pack',
    input: mutated(...packs),
    parse: (bytes) => readAll(readPack(chunked(bytes), { format: SHA1, limits })),
  },
  {
    name: 'pack, contents',
    input: damagedPack,
    parse: (bytes) => readAll(readPack(chunked(bytes), { format: SHA1, limits })),
  },
  {
    name: 'pack, streamed and spilled',
    input: damagedPack,
    parse: (bytes) => {
      const large = ({ chunks }: { chunks: AsyncIterable<Uint8Array> }): Promise<void> => readAll(chunks)
      const options = { format: SHA1, limits: { ...limits, maxHeldBytes: 500 }, large, streamAbove: 200 }
      return readAll(readPack(chunked(bytes), { ...options, spill: () => memorySpill({ maxBytes: 1 << 20 }) }))
    },
  },
  {
    name: 'delta',
    input: mutated(deltaAgainst(base, changed), deltaAgainst(base, base), deltaAgainst(base, text('all else'))),
    parse: (bytes) => applyDelta(base, bytes, 1 << 16),
  },
  { name: 'tree', input: mutated(tree), parse: (bytes) => parseTree(bytes, SHA1) },
  { name: 'tree, SHA-256', input: mutated(tree256), parse: (bytes) => parseTree(bytes, SHA256) },
  {
    name: 'tree, edited',
    input: mutated(tree),
    parse: (bytes) =>
      editTree(
        bytes,
        new Map([
          ['folder', null],
          ['new', { mode: Mode.file, oid: A }],
        ]),
        SHA1,
      ),
  },
  { name: 'commit', input: mutated(commit, signed), parse: parseCommit },
  { name: 'tag', input: mutated(tag), parse: parseTag },
  {
    name: 'identity',
    input: mutated(text('Ann <ann@example.com> 1700000000 +0130'), text('<> -1 -0000')),
    parse: (bytes) => parseIdentity(bytes.toString()),
  },
  {
    name: 'report',
    input: mutated(report, bandedReport),
    parse: (bytes) => readReport(new ByteReader(chunked(bytes)), redact, new Set(['refs/heads/main'])),
  },
  {
    name: 'advertisement',
    input: mutated(advertised, advertisedV0),
    parse: (bytes) => discover(remoteThatSays(bytes)),
  },
]

/** No more of a remote than discovery uses. */
function remoteThatSays(bytes: Buffer): Remote {
  const remote: Pick<Remote, 'url' | 'limits' | 'redact' | 'printable' | 'advertisement'> = {
    url: 'https://git.example.com/a.git',
    limits: {
      ...limits,
      maxBlobBytes: 1 << 20,
      maxSpillBytes: 1 << 20,
      maxResponseBytes: 1 << 20,
      maxTotalBytes: 1 << 20,
      maxRefs: 100,
      maxEntries: 100,
      maxRedirects: 0,
    },
    redact,
    printable: (words) => words,
    advertisement: async () => new ByteReader(chunked(bytes)),
  }
  return remote as Remote
}
