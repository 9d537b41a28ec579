import type { ByteReader } from '../../format/byte-reader.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { readPack } from '../../format/pack-reader.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { reportAnswer } from '../answers.ts'
import type { Answer } from '../fake-transport.ts'
import { chunksOf, inputOf } from '../seen-request.ts'
import { linksOf } from './store.ts'
import type { Store, StoredObject } from './store.ts'

/** One ref of a push; null stands for "does not exist". */
export interface PushedRef {
  readonly ref: string
  readonly old: ObjectId | null
  readonly new: ObjectId | null
  readonly pushOptions: readonly string[]
}

/** Called for each ref before anything moves; a text refuses it, as a hook of the server would. */
export type OnPush = (update: PushedRef) => string | undefined

/** What one push may bring. */
const LIMITS = { maxObjects: 1_000_000, maxObjectBytes: 1 << 28, maxHeldBytes: 1 << 29 }

/** A push (gitprotocol-pack, "Reference Update Request And Packfile Transfer"). */
export async function receivePack(store: Store, body: Buffer, onPush: OnPush): Promise<Answer> {
  const input = inputOf(body)
  const commands = await readLines(input)
  const words = commands[0]?.split('\0')[1]?.split(' ') ?? []
  const pushOptions = words.includes('push-options') ? await readLines(input) : []
  const updates = commands.map((line) => parseCommand(store, line, pushOptions))
  let added = new Map<ObjectId, StoredObject>()
  try {
    if (updates.some((update) => update.new !== null)) added = await unpack(store, input)
  } catch (error) {
    const refs = updates.map(({ ref }) => [ref, 'unpacker error'] as const)
    return reportAnswer(new Map(refs), { unpack: (error as Error).message })
  }
  const results = new Map(updates.map((update) => [update.ref, refusal(store, added, update, onPush) ?? null]))
  const failed = [...results.values()].some((reason) => reason !== null)
  if (failed && words.includes('atomic')) {
    for (const [ref, reason] of results) results.set(ref, reason ?? 'atomic push failure')
  }
  const accepted = updates.filter(({ ref }) => results.get(ref) === null)
  if (accepted.length > 0) for (const [oid, object] of added) store.objects.set(oid, object)
  for (const { ref, new: next } of accepted) {
    if (next === null) store.refs.delete(ref)
    else store.refs.set(ref, next)
  }
  return reportAnswer(results)
}

async function readLines(input: ByteReader): Promise<string[]> {
  const lines: string[] = []
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined || packet.type !== 'data') return lines
    lines.push(packetText(packet.payload))
  }
}

function parseCommand({ format }: Store, line: string, pushOptions: readonly string[]): PushedRef {
  const [old = '', next = '', ref = ''] = (line.split('\0')[0] ?? '').split(' ')
  const orNull = (oid: string): ObjectId | null => (oid === format.zero ? null : oid)
  return { ref, old: orNull(old), new: orNull(next), pushOptions }
}

/** Objects that are new; deltas may be against those that are there. @throws GitError `Malformed`, `LimitExceeded` */
async function unpack({ format, objects }: Store, input: ByteReader): Promise<Map<ObjectId, StoredObject>> {
  const added = new Map<ObjectId, StoredObject>()
  // The body came in one piece: all that is left of it is held.
  await input.fill(1)
  const options = { format, limits: LIMITS, base: (oid: ObjectId) => objects.get(oid) }
  for await (const { oid, type, bytes } of readPack(chunksOf([input.held]), options)) {
    const object = { type, bytes: Buffer.from(bytes) }
    // What cannot be read cannot be stored.
    linksOf(object, format)
    if (!objects.has(oid)) added.set(oid, object)
  }
  return added
}

function refusal(
  store: Store,
  added: ReadonlyMap<ObjectId, StoredObject>,
  update: PushedRef,
  onPush: OnPush,
): string | undefined {
  const { ref, old, new: next } = update
  if ((store.refs.get(ref) ?? null) !== old) return 'failed to update ref'
  if (next === null) return ref === store.head ? 'deletion of the current branch prohibited' : onPush(update)
  if (lacksObjects(store, added, next)) return 'missing necessary objects'
  return onPush(update)
}

/** Whether something that is new leads to what nobody has; what was there before is complete. */
function lacksObjects(store: Store, added: ReadonlyMap<ObjectId, StoredObject>, tip: ObjectId): boolean {
  const seen = new Set<ObjectId>()
  const queue = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.has(oid) || store.objects.has(oid)) continue
    const object = added.get(oid)
    if (object === undefined) return true
    seen.add(oid)
    queue.push(...linksOf(object, store.format))
  }
  return false
}
