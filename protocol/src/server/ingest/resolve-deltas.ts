import { GitError } from '../../format/errors.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { overLimit } from '../../format/over-limit.ts'
import { MAX_DELTA_DEPTH } from '../../format/pack-limits.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { EntryReader } from '../pack/entry-reader.ts'
import { ObjectReader } from '../pack/object-reader.ts'
import { PageCache } from '../pack/page-cache.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import type { StagedPack } from '../store/repository-store.ts'
import type { PackCompletion } from './pack-completion.ts'
import type { Contents, PassedDelta } from './contents.ts'

/** Bytes of the pack that are held. */
const PAGE_BYTES = 16 << 20

/**
 * Finds out what the deltas of a staged pack are, each behind its base, so that what was read for one serves the next.
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function resolveDeltas(
  deltas: readonly PassedDelta[],
  {
    format,
    limits: { maxObjectBytes, maxHeldBytes, maxDeltaDepth = MAX_DELTA_DEPTH },
    there,
    pack,
    contents,
    completion,
  }: {
    readonly format: ObjectFormat
    readonly limits: PackLimits
    readonly there: Pick<ObjectStore, 'find'>
    readonly pack: StagedPack
    readonly contents: Contents
    /** Takes what they are against that is not in the pack. */
    readonly completion: PackCompletion
  },
): Promise<void> {
  // Behind its end there is what will be added to it.
  const paged = new PageCache({ maxBytes: PAGE_BYTES, maxFiles: 1 }).of(pack, pack.size - format.size)
  const objects = new ObjectReader({
    entries: new EntryReader(paged, format, maxObjectBytes),
    baseOf: (base) => {
      const offset = 'baseOffset' in base ? base.baseOffset : contents.offsetOf(base.baseOid)
      if (offset === undefined) throw unresolved(1)
      return offset
    },
    maxObjectBytes,
    maxDeltaDepth,
    cacheBytes: maxHeldBytes,
  })
  const dependents = Map.groupBy(deltas, ({ base }) => ('baseOffset' in base ? base.baseOffset : base.baseOid))
  let done = 0
  /** Everything that is behind these, the last first. */
  const follow = async (names: readonly (number | ObjectId)[]): Promise<void> => {
    const ready: { readonly delta: PassedDelta; readonly depth: number }[] = []
    const becomes = (name: number | ObjectId, depth: number): void => {
      for (const delta of dependents.get(name) ?? []) ready.push({ delta, depth: depth + 1 })
      dependents.delete(name)
    }
    for (const name of names) {
      becomes(name, 0)
      for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
        const { delta, depth } = next
        const { offset, crc32 } = delta
        if (depth > maxDeltaDepth) throw overLimit('maxDeltaDepth', maxDeltaDepth, depth)
        const object = await objects.objectAt(offset)
        const { type } = object
        const oid = objectId(format, type, object.bytes)
        await contents.look(oid, object)
        contents.add({ oid, type, offset, crc32 })
        done++
        becomes(offset, depth)
        becomes(oid, depth)
      }
    }
  }
  await follow([...contents.entries].flatMap(({ oid, offset }) => [offset, oid]))
  // What is left is behind what the pack lacks.
  for (const name of dependents.keys()) {
    if (typeof name === 'number' || !dependents.has(name)) continue
    const found = await there.find(name)
    if (found === undefined) continue
    contents.add({ oid: name, type: found.type, ...(await completion.add(found)) })
    await follow([name])
  }
  if (done < deltas.length) throw unresolved(deltas.length - done)
}

const unresolved = (count: number): GitError =>
  new GitError('Malformed', `the bases of ${count} deltas are neither in the pack nor in the repository`)
