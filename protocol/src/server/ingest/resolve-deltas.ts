import { GitError } from '../../format/errors.ts'
import { objectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { MAX_DELTA_DEPTH } from '../../format/pack-limits.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { EntryReader } from '../pack/entry-reader.ts'
import { ObjectReader } from '../pack/object-reader.ts'
import type { StoredObject } from '../pack/object-reader.ts'
import type { StagedPack } from '../store/repository-store.ts'
import type { Contents, PassedDelta } from './contents.ts'

/** An object that deltas of a pack are against and that it does not hold. */
export interface ExternalBase extends StoredObject {
  readonly oid: ObjectId
}

/**
 * Finds out what the deltas of a staged pack are, each behind its base, so that what was read for one serves the next.
 * @returns what they are against that is not in the pack
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function resolveDeltas(
  deltas: readonly PassedDelta[],
  options: {
    readonly format: ObjectFormat
    readonly limits: PackLimits
    readonly external: (oid: ObjectId) => Promise<StoredObject | undefined>
    readonly pack: StagedPack
    readonly contents: Contents
  },
): Promise<{ readonly bases: readonly ExternalBase[] }> {
  const { format, limits, external, pack, contents } = options
  const { maxObjectBytes, maxHeldBytes, maxDeltaDepth = MAX_DELTA_DEPTH } = limits
  const bases = new Map<ObjectId, ExternalBase>()
  const objects = new ObjectReader({
    entries: new EntryReader(pack, format, maxObjectBytes),
    baseOf: (base) => {
      const offset = 'baseOffset' in base ? base.baseOffset : contents.offsetOf(base.baseOid)
      const found = offset ?? ('baseOid' in base ? bases.get(base.baseOid) : undefined)
      if (found === undefined) throw unresolved(1)
      return found
    },
    maxObjectBytes,
    maxDeltaDepth,
    cacheBytes: maxHeldBytes,
  })
  const dependents = Map.groupBy(deltas, ({ base }) => ('baseOffset' in base ? base.baseOffset : base.baseOid))
  let done = 0
  /** Everything that is behind these, the last first. */
  const follow = async (names: readonly (number | ObjectId)[]): Promise<void> => {
    const ready: PassedDelta[] = []
    const becomes = (name: number | ObjectId): void => {
      const next = dependents.get(name)
      if (next === undefined) return
      dependents.delete(name)
      ready.push(...next)
    }
    for (const name of names) {
      becomes(name)
      for (let delta = ready.pop(); delta !== undefined; delta = ready.pop()) {
        const { offset, crc32 } = delta
        const object = await objects.objectAt(offset)
        const oid = objectId(format, object.type, object.bytes)
        contents.look(oid, object)
        contents.add({ oid, offset, crc32 })
        done++
        becomes(offset)
        becomes(oid)
      }
    }
  }
  await follow(contents.entries.flatMap(({ oid, offset }) => [offset, oid]))
  // What is left is behind what the pack lacks.
  for (const name of dependents.keys()) {
    if (typeof name === 'number' || !dependents.has(name)) continue
    const found = await external(name)
    if (found === undefined) continue
    bases.set(name, { oid: name, ...found })
    await follow([name])
  }
  if (done < deltas.length) throw unresolved(deltas.length - done)
  return { bases: [...bases.values()] }
}

const unresolved = (count: number): GitError =>
  new GitError('Malformed', `the bases of ${count} deltas are neither in the pack nor in the repository`)
