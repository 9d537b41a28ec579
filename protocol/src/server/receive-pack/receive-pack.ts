import { ByteReader } from '../../format/byte-reader.ts'
import { isGitError } from '../../format/errors.ts'
import type { ObjectId } from '../../format/object-id.ts'
import type { PackLimits } from '../../format/pack-limits.ts'
import { ingestPack } from '../ingest/ingest-pack.ts'
import { keepPack } from '../ingest/keep-pack.ts'
import type { IngestedPack } from '../ingest/ingest-pack.ts'
import type { ObjectStore } from '../pack/object-store.ts'
import { StoredPack } from '../pack/stored-pack.ts'
import type {
  KeptPack,
  RepositoryName,
  RepositoryState,
  RepositoryStore,
  StagedPack,
} from '../store/repository-store.ts'
import { tell } from '../wire/side-band.ts'
import { readCommands } from './commands.ts'
import type { PushRequest, RefCommand } from './commands.ts'
import { report } from './report.ts'
import type { PushReport } from './report.ts'
import { updateRefs } from './update-refs.ts'
import type { RefResults } from './update-refs.ts'

/** What is offered to who pushes (gitprotocol-capabilities). */
export const CAPABILITIES = [
  'report-status',
  'report-status-v2',
  'delete-refs',
  'side-band-64k',
  'quiet',
  'atomic',
  'ofs-delta',
  'push-options',
]

export interface ReceiveLimits extends PackLimits {
  /** Refs that one push may change. */
  readonly maxRefs: number
}

export interface PushedTo {
  readonly name: RepositoryName
  readonly state: RepositoryState
  readonly objects: ObjectStore
  /** It is not in the store yet. */
  readonly isUnborn: boolean
  readonly store: RepositoryStore
  readonly limits: ReceiveLimits
}

/**
 * One push: its objects are taken in where nobody sees them, then all its refs are changed at once.
 * @throws GitError where what was sent are no commands; whatever is wrong with them, or with the pack, the answer says
 */
export async function* receivePack(body: AsyncIterable<Uint8Array>, to: PushedTo): AsyncGenerator<Buffer> {
  const input = new ByteReader(body)
  const capabilities = new Set<string>()
  try {
    const request = await readCommands(input, { format: to.state.format, maxRefs: to.limits.maxRefs, capabilities })
    if (request === undefined) return
    yield report(await push(input, request, to), capabilities)
  } catch (error) {
    if (!capabilities.has('side-band-64k')) throw error
    yield* tell(error)
  }
}

async function push(input: ByteReader, { commands, isAtomic }: PushRequest, to: PushedTo): Promise<PushReport> {
  if (commands.every((command) => command.new === null))
    return {
      unpack: 'ok',
      results: await change(to, commands, { isAtomic, refused: new Map(), peeled: new Map(), added: undefined }),
    }
  const staged = await to.store.stage(to.state.id)
  try {
    let pack: IngestedPack
    try {
      pack = await ingestPack(input, staged, {
        format: to.state.format,
        limits: to.limits,
        there: to.objects,
      })
    } catch (error) {
      if (!isGitError(error)) throw error
      return { unpack: error.message, results: new Map(commands.map(({ ref }) => [ref, 'unpacker error'])) }
    }
    const found = await judge(commands, pack, staged, to)
    const early = updateRefs(to.state, commands, { ...found, isAtomic })
    // What nobody gets need not be kept.
    if (isAllRefused(early.results)) return { unpack: 'ok', results: early.results }
    const added = pack.objects === 0 ? undefined : await keepPack(to.store, to.state.id, staged, pack)
    const results = await change(to, commands, { ...found, isAtomic, added })
    if (added !== undefined && isAllRefused(results)) await to.store.remove(to.state.id, added.id)
    return { unpack: 'ok', results }
  } finally {
    await staged.discard()
  }
}

const isAllRefused = (results: RefResults): boolean => [...results.values()].every((why) => why !== null)

interface Judged {
  readonly refused: ReadonlyMap<string, string>
  readonly peeled: ReadonlyMap<ObjectId, ObjectId>
}

/** What is to be said of commands before their refs are looked at: whether all is there that they lead to. */
async function judge(
  commands: readonly RefCommand[],
  pack: IngestedPack,
  staged: StagedPack,
  { state, objects, limits }: PushedTo,
): Promise<Judged> {
  const { format } = state
  const { maxObjectBytes } = limits
  const all =
    pack.objects === 0 ? objects : objects.with(new StoredPack(staged, pack.index, { format, maxObjectBytes }))
  const refused = new Map<string, string>()
  const peeled = new Map<ObjectId, ObjectId>()
  // What was here before is complete: what is new is, too, where all that it refers to is here.
  const isComplete = pack.missing.size === 0
  for (const { ref, new: next } of commands) {
    if (next === null) continue
    if (!isComplete || !all.has(next)) {
      refused.set(ref, 'missing necessary objects')
      continue
    }
    const { oid, type, tags } = await all.peel(next)
    if (tags.length > 0) peeled.set(next, oid)
    const isBranch = ref.startsWith('refs/heads/')
    if (isBranch && (type !== 'commit' || tags.length > 0)) refused.set(ref, 'a branch is of commits')
  }
  return { refused, peeled }
}

async function change(
  { name, store, state: opened, isUnborn }: PushedTo,
  commands: readonly RefCommand[],
  how: Judged & {
    readonly isAtomic: boolean
    readonly added: KeptPack | undefined
  },
): Promise<RefResults> {
  let results = overtaken(commands)
  const pushed = (state: RepositoryState): RepositoryState | undefined => {
    // Another one of that name has other objects.
    if (state.id !== opened.id) return undefined
    const { results: now, refs, head } = updateRefs(state, commands, how)
    results = now
    if (isAllRefused(now)) return undefined
    return { ...state, refs, head, packs: [...state.packs, ...(how.added === undefined ? [] : [how.added])] }
  }
  if (!isUnborn) await store.change(name, pushed)
  else {
    // Nobody finds it before all is in it.
    const first = pushed(opened)
    if (first !== undefined && !(await store.create(name, first))) return overtaken(commands)
  }
  return results
}

/** Somebody made a repository of that name, or took it away, while this push came in. */
const overtaken = (commands: readonly RefCommand[]): RefResults =>
  new Map(commands.map(({ ref }) => [ref, 'the repository is another one now: push again']))
