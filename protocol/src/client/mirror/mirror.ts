import { GitError } from '../../format/errors.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import { objectFormat } from '../../format/object-id.ts'
import { pushRequest } from '../push-request.ts'
import { settle } from '../push-result.ts'
import type { RefResult, RefUpdate } from '../push-result.ts'
import { pushRefs } from '../push.ts'
import { receivePack } from '../receive-pack.ts'
import { setbackOf } from '../refs/setback.ts'
import type { Session } from '../session.ts'
import { openPack } from '../wire/fetch.ts'
import { lsRefs } from '../wire/ls-refs.ts'
import type { Ref } from '../wire/ls-refs.ts'
import { receivePackCapabilities } from '../wire/receive-pack-capabilities.ts'
import { passingPack } from './passing-pack.ts'
import { planMirror } from './plan.ts'
import type { MirrorPlan } from './plan.ts'
import { selectRefs } from './ref-patterns.ts'
import type { RefSelection } from './ref-patterns.ts'

export interface MirrorOptions {
  /** Names in which `*` stands for any characters, such as `refs/heads/release-*` or `v1.*`. Default: all branches and tags. */
  readonly refs?: readonly string[]
  /** Refs of these names that the source lacks are deleted. Default false. */
  readonly prune?: boolean
  /** Branches may lose commits, and tags may move. Default false: those that would are left where they are. */
  readonly force?: boolean
  /** All refs or none. Default: where the target offers it, and more than one ref moves. */
  readonly atomic?: boolean
  /** Everything but the transfer: the result tells what it would be. Default false. */
  readonly dryRun?: boolean
  /** Called as the pack passes by. */
  readonly onProgress?: (progress: MirrorProgress) => void
}

export interface MirrorProgress {
  /** Of the pack, so far. */
  readonly bytes: number
  /** In the whole pack. */
  readonly objects: number
}

/** What became of one ref of the target; `diverged`: it was left alone, since it would lose commits or a tag would move. */
export interface MirroredRef extends Omit<RefResult, 'status'> {
  readonly status: RefResult['status'] | 'diverged'
}

const ALL = ['refs/heads/*', 'refs/tags/*']

/**
 * Brings the refs of one repository to another, and the objects they need. The pack goes straight from one server to the
 * other: nothing is stored, and what is held does not grow with it.
 * @throws GitError `Unsupported`, `RefNotFound`, `Rejected`, and as every request
 */
export async function mirror(source: Session, target: Session, options: MirrorOptions): Promise<MirroredRef[]> {
  const { refs = ALL, prune = false, force = false, dryRun = false } = options
  const selection = selectRefs(refs)
  const [theirs, ours] = await Promise.all([listed(source, selection), listed(target, selection)])
  if (prune && theirs.length === 0 && ours.length > 0) {
    throw new GitError(
      'RefNotFound',
      `${source.remote.url} has none of these refs: nothing is deleted in ${target.remote.url}`,
    )
  }
  const plan = planMirror(theirs, ours, prune)
  if (theirs.length > 0 && ours.length > 0) checkFormats(source, target.format)
  const kept = force ? [] : await diverged(source, plan.updates)
  const updates = plan.updates.filter(({ ref }) => !kept.some((result) => result.ref === ref))
  const moved = dryRun ? updates.map(untold) : await transfer(source, target, { ...plan, updates }, options)
  return [...moved, ...kept].sort((a, b) => (a.ref < b.ref ? -1 : 1))
}

async function listed(session: Session, { prefixes, has }: RefSelection): Promise<Ref[]> {
  const refs = await lsRefs(session, prefixes)
  return refs.filter(({ name, oid }) => oid !== null && has(name))
}

const untold = (update: RefUpdate): RefResult => ({ ...update, status: 'ok', messages: [], options: {} })

async function diverged(source: Session, updates: readonly RefUpdate[]): Promise<MirroredRef[]> {
  const results: MirroredRef[] = []
  for (const update of updates) {
    const setback = await setbackOf(source, update)
    if (setback === undefined) continue
    const { reason, from } = setback
    results.push({ ...untold(update), status: 'diverged', reason, actual: from })
  }
  return results
}

async function transfer(
  source: Session,
  target: Session,
  { updates, wants, haves }: MirrorPlan,
  options: MirrorOptions,
): Promise<readonly RefResult[]> {
  if (updates.length === 0) return []
  // Also finds out where the repository is, and who may write to it: a pack that passes by can be sent once only.
  const offered = await receivePackCapabilities(target)
  checkFormats(source, objectFormat(offered.get('object-format') ?? 'sha1') ?? target.format)
  const { atomic = updates.length > 1 && offered.has('atomic'), onProgress } = options
  const needed = wants.filter((oid) => updates.some((update) => update.new === oid))
  if (needed.length === 0) return pushRefs(target, updates, { atomic })
  const request = await pushRequest(target, updates, { atomic })
  const told = (bytes: number, objects: number): void => onProgress?.({ bytes, objects })
  for (let thin = target.learned.thinPacks && haves.length > 0; ; thin = false) {
    const { input, pack } = await openPack(source, { wants: needed, haves, thin })
    try {
      const body = { chunks: () => passingPack(pack, source.format, told) }
      const answer = await receivePack(target, request, body, false)
      if (answer === 'landed' || answer.unpack === 'ok') return await settle(target, updates, answer)
      if (!thin) {
        const message = `${target.remote.url} cannot unpack what ${source.remote.url} sends: ${answer.unpack}`
        throw new GitError('Rejected', message, { remote: [answer.unpack] })
      }
      target.learned.thinPacks = false
    } finally {
      await input.close()
    }
  }
}

/** @throws GitError `Unsupported` */
function checkFormats({ format, remote }: Session, other: ObjectFormat): void {
  if (format.name === other.name) return
  const message = `${remote.url} is a ${format.name} repository and the target one of ${other.name}: ids cannot be kept`
  throw new GitError('Unsupported', message, { expected: format.name, actual: other.name })
}
