import type { Repository, Snapshot } from '@gitsync/protocol'
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
  return told.map(({ member, difference: { path, oid, before } }) => {
    const content = contents.get(before ?? '')
    const known = oid === null ? content && identityIn(content, member) : identityAt(member.desired, path)
    const action = oid === null ? 'Delete' : before === null ? 'Create' : 'Update'
    return { action, ...(known ?? fileIdentity(path)) }
  })
}

/** The object that a file holds; undefined where it is none, or one of several. */
function identityIn(content: Buffer, { settings }: Member): ObjectIdentity | undefined {
  const { documents } = readFile(content, settings.content ?? { format: 'YAML', ignore: [], inPlace: true })
  const [only] = documents ?? []
  return documents?.length === 1 ? (only?.identity ?? undefined) : undefined
}
