import { createHash } from '#platform/hash'
import { GitError } from '../../format/errors.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { packHeader } from '../../format/pack-header.ts'
import { encodeEntry, entryHeader, ofsDeltaHeader } from '../../format/pack-writer.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { PlacedEntry } from '../pack/entry-reader.ts'
import type { StoredPack } from '../pack/stored-pack.ts'
import type { ObjectSelection } from './select-objects.ts'

/** Bytes that are sent together: most objects have less than a hundred. */
const BATCH = 32 << 10

interface Placed {
  readonly oid: ObjectId
  readonly pack: number
  readonly offset: number
}

export interface PackStreamOptions {
  /** Of the request: `ofs-delta`, `thin-pack`. */
  readonly flags: ReadonlySet<string>
  /** Deltas on deltas within what is sent; what lies deeper is sent whole. Default: as deep as they are. */
  readonly maxDepth?: number
}

/**
 * A pack of these objects. What is compressed in a stored pack is copied as it stands there; a delta stays one where its base is sent
 * before it, or the client has it.
 */
export async function* packStream(
  objects: ObjectStore,
  selection: ObjectSelection,
  options: PackStreamOptions,
): AsyncGenerator<Buffer> {
  const { format } = objects
  const trailer = createHash(format.name)
  let batch: Buffer[] = []
  let held = 0
  for await (const bytes of entries(objects, selection, options)) {
    batch.push(bytes)
    held += bytes.length
    if (held < BATCH) continue
    const whole = Buffer.concat(batch, held)
    trailer.update(whole)
    yield whole
    batch = []
    held = 0
  }
  for (const bytes of batch) trailer.update(bytes)
  yield Buffer.concat([...batch, trailer.digest()])
}

async function* entries(
  objects: ObjectStore,
  { objects: ids, held }: ObjectSelection,
  { flags, maxDepth = Infinity }: PackStreamOptions,
): AsyncGenerator<Buffer> {
  const { format } = objects
  const placed = [...ids].map((oid) => place(objects, oid))
  placed.sort((a, b) => a.pack - b.pack || a.offset - b.offset)
  /** Where in this pack objects begin. */
  const sent = new Map<ObjectId, number>()
  /** How deep those of them lie that are deltas. */
  const depths = new Map<ObjectId, number>()
  /** What begins where in the stored pack: deltas by offset name no id. */
  let ofEntry = new Map<number, ObjectId>()
  const heldIn = Map.groupBy(
    [...held].flatMap((oid) => ({ oid, at: objects.locate(oid) })),
    ({ at }) => at?.pack,
  )
  let pack = -1
  let position = 0
  const header = packHeader(placed.length)
  yield header
  position += header.length
  for (const { oid, pack: from, offset } of placed) {
    const stored = objects.packs[from] as StoredPack
    if (from !== pack) ofEntry = new Map((heldIn.get(from) ?? []).map(({ oid: base, at }) => [at?.offset ?? -1, base]))
    pack = from
    ofEntry.set(offset, oid)
    const entry = await stored.entries.entryAt(offset)
    const start = position
    for await (const bytes of encoded(
      stored,
      entry,
      (base) => {
        const id = 'baseOid' in base ? base.baseOid : ofEntry.get(base.baseOffset)
        const there = id === undefined ? undefined : sent.get(id)
        const depth = 1 + (depths.get(id ?? '') ?? 0)
        if (depth > maxDepth) return undefined
        if (there !== undefined) depths.set(oid, depth)
        if (there !== undefined && flags.has('ofs-delta')) return { distance: start - there }
        if (id !== undefined && (there !== undefined || (flags.has('thin-pack') && held.has(id)))) return { oid: id }
        return undefined
      },
      format,
    )) {
      position += bytes.length
      yield bytes
    }
    sent.set(oid, start)
  }
}

type BaseOf = (
  base: Exclude<PlacedEntry['kind'], string>,
) => { readonly distance: number } | { readonly oid: ObjectId } | undefined

async function* encoded(
  stored: StoredPack,
  entry: PlacedEntry,
  baseOf: BaseOf,
  format: ObjectFormat,
): AsyncGenerator<Buffer> {
  const { kind, size } = entry
  if (typeof kind === 'string') {
    yield entryHeader(kind, size)
    yield* stored.raw(entry)
    return
  }
  const base = baseOf(kind)
  if (base === undefined) {
    const { type, bytes } = await stored.objectAt(entry.offset)
    yield* encodeEntry({ type, bytes })
    return
  }
  if ('distance' in base) yield ofsDeltaHeader(size, base.distance)
  else yield Buffer.concat([entryHeader('ref-delta', size), Buffer.from(base.oid, 'hex').subarray(0, format.size)])
  yield* stored.raw(entry)
}

function place(objects: ObjectStore, oid: ObjectId): Placed {
  const at = objects.locate(oid)
  if (at === undefined) throw new GitError('ObjectMissing', `object ${oid} is missing`, { oid })
  return { oid, ...at }
}
