import { temporarySpill } from '#platform/spill'
import type { ObjectId } from '../../format/object-id.ts'
import type { ArrivingBlob } from '../../format/pack-reader.ts'
import type { Session } from '../session.ts'
import { eachBlob } from '../wire/object-forms.ts'
import type { Place } from './place.ts'
import type { ArrivedFile, Content, Target } from './target.ts'

/** Files under way to the disk at a time, for each request. */
const WRITES = 4
/** Files from which on a request of their own is quicker than waiting for the others. */
const WORTH_A_REQUEST = 200
/** Bytes of earlier contents that a request keeps in memory, for deltas; more goes to a temporary file. */
const HELD_BYTES = 2 << 20

export interface Contents {
  readonly places: readonly Place[]
  /** What the server shows and these contents are part of. */
  readonly shown: ObjectId | null
  readonly concurrency: number
  readonly batchSize: number
  readonly target: Target
  readonly write: (place: Place, content: Content) => Promise<void>
}

/** Asks for each content once, however many files have it, and writes it as it arrives. */
export async function fetchContents(session: Session, given: Contents): Promise<void> {
  const { places, shown, concurrency, batchSize, target, write } = given
  if (shown === null || places.length === 0) return
  const byOid = Map.groupBy(places, ({ oid }) => oid)
  const batches = evenly([...byOid.keys()], { concurrency, batchSize })
  const limits = { maxHeldBytes: Math.min(HELD_BYTES, session.remote.limits.maxHeldBytes) }
  const large = ({ chunks }: ArrivingBlob): Promise<ArrivedFile> => target.receive(chunks)
  const { maxSpillBytes } = session.remote.limits
  const reading = { large, limits, spill: () => temporarySpill({ maxBytes: maxSpillBytes }) }
  let failed = false
  const worker = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined && !failed; batch = batches.pop()) {
      const writes = new Writes()
      const left = new Set(batch)
      try {
        for await (const object of eachBlob(session, batch, shown, reading)) {
          // Servers of the plainest form send the whole commit for each batch.
          const wanted = left.delete(object.oid) ? (byOid.get(object.oid) ?? []) : []
          // What arrived as a file is moved to its place, once for each.
          if ('streamed' in object) await place(object.streamed, wanted, write)
          else for (const place of wanted) await writes.add(write(place, object.bytes))
          if (failed) break
        }
      } finally {
        await writes.settled()
      }
      writes.check()
    }
  }
  const guarded = (): Promise<void> =>
    worker().catch((error: unknown) => {
      failed = true
      throw error
    })
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, guarded))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function place(file: ArrivedFile, wanted: readonly Place[], write: Contents['write']): Promise<void> {
  try {
    for (const [index, one] of wanted.entries()) await write(one, { file, moves: index === wanted.length - 1 })
  } finally {
    await file.discard()
  }
}

/** As many requests as may run at a time, and more only where one would ask for too much; none for a handful of files. */
function evenly(
  oids: readonly ObjectId[],
  { concurrency, batchSize }: { readonly concurrency: number; readonly batchSize: number },
): ObjectId[][] {
  const useful = Math.min(concurrency, Math.ceil(oids.length / WORTH_A_REQUEST))
  const size = Math.min(batchSize, Math.ceil(oids.length / useful))
  return Array.from({ length: Math.ceil(oids.length / size) }, (_, index) =>
    oids.slice(index * size, (index + 1) * size),
  )
}

/** Writes under way; adding waits while there are too many. */
class Writes {
  readonly #pending = new Set<Promise<void>>()
  #error: { readonly reason: unknown } | undefined

  async add(write: Promise<void>): Promise<void> {
    const tracked: Promise<void> = write
      .catch((error: unknown) => {
        this.#error ??= { reason: error }
      })
      .finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
    if (this.#pending.size >= WRITES) await Promise.race(this.#pending)
    this.check()
  }

  /** Waits for all of them, whatever becomes of them. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending)
  }

  /** @throws what the first write that failed has thrown */
  check(): void {
    if (this.#error !== undefined) throw this.#error.reason
  }
}
