import type { Repository, Snapshot } from '@gitsync/protocol'
import { identityKey } from '../../objects/object.ts'
import type { ObjectIdentity } from '../../objects/object.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import type { Change } from '../../render/message.ts'
import { renderBody, renderTitle } from '../../render/pull-request.ts'
import { readFile } from '../../render/edit/file.ts'
import type { Member } from '../member.ts'
import { fileIdentity, identityAt } from './differences.ts'
import type { Proposed } from './proposal.ts'
import type { ReviewSettings } from './review-settings.ts'

/** Files that go are read to tell what was in them, up to this many. */
const MAX_READ = 100

export interface Described {
  readonly repository: Repository
  readonly base: Snapshot
  readonly branch: string
  readonly settings: ReviewSettings
  readonly members: readonly Member[]
  readonly proposal: readonly Proposed[]
  /** Of the commits. */
  readonly authors: readonly string[]
}

/** Title and text of a request: which objects it changes, and who changed them. */
export async function describeRequest(
  described: Described,
): Promise<{ readonly title: string; readonly text: string }> {
  const { branch, settings, members, authors } = described
  const input = {
    changes: await changesOf(described),
    authors,
    gitsyncs: members.map(({ name }) => name).sort(),
    branch,
    base: settings.base,
  }
  return { title: renderTitle(settings.title, input), text: renderBody(settings.body, input) }
}

async function changesOf({ repository, base, proposal }: Described): Promise<Change[]> {
  const files = proposal.filter(({ difference }) => difference.path !== CLAIM_FILE)
  const told = files.length === 0 ? proposal : files
  const gone = told.flatMap(({ difference: { oid, before } }) => (oid === null && before !== null ? [before] : []))
  const contents = gone.length === 0 ? new Map<string, Buffer>() : await repository.blobs(base, gone.slice(0, MAX_READ))
  const changes = told.map(({ member, difference: { path, oid, before } }): Change => {
    const content = contents.get(before ?? '')
    const known = oid === null ? identityOfGone(path, content, member) : identityAt(member.desired, path)
    const action = oid === null ? 'Delete' : before === null ? 'Create' : 'Update'
    return { action, ...(known ?? fileIdentity(path)) }
  })
  return withMoves(changes)
}

/** An object that goes from one path and comes to another is changed. */
function withMoves(changes: readonly Change[]): Change[] {
  const keysOf = (wanted: Change['action']): Set<string> =>
    new Set(changes.filter(({ action }) => action === wanted).map(identityKey))
  const moved = keysOf('Create').intersection(keysOf('Delete'))
  return changes.flatMap((change) => {
    if (!moved.has(identityKey(change))) return change
    return change.action === 'Create' ? { ...change, action: 'Update' as const } : []
  })
}

/** The object that a file held; undefined where nobody knows. */
const identityOfGone = (path: string, content: Buffer | undefined, member: Member): ObjectIdentity | undefined =>
  member.inventory.ownerOf(path) ?? (content && identityIn(content, member))

/** The object that a file holds; undefined where it is none, or one of several. */
function identityIn(content: Buffer, { settings }: Member): ObjectIdentity | undefined {
  const { documents } = readFile(content, settings.content ?? { format: 'YAML', ignore: [], inPlace: true })
  const [only] = documents ?? []
  return documents?.length === 1 ? (only?.identity ?? undefined) : undefined
}
