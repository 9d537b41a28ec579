import { buildTrees, isGitError, SHA1 } from '@gitsync/protocol'
import type { Edit, Identity, Repository, Snapshot } from '@gitsync/protocol'
import { CLAIM_FILE, compare } from '../../plan/compare.ts'
import { viewOf } from '../../push/folder-view.ts'
import type { Member } from '../../push/member.ts'
import { renderMessage } from '../../render/message.ts'
import { CommandFailure } from '../common/command-failure.ts'

/** Somebody else pushes at the same time this often at most. */
const MAX_RACES = 5

export interface ExportTo {
  readonly branch: string
  /** The folder, `.` for the root. */
  readonly path: string
  readonly prune: 'Never' | 'Always'
  readonly message: string | undefined
  readonly author: Identity
  readonly committer: Identity
  /** Contents of one push at most, in bytes: a larger export becomes several, with a commit each. */
  readonly bytesPerPush: number
  readonly dryRun: boolean
  readonly onProgress: (pushed: number, files: number) => void
}

export interface Exported {
  /** The newest commit; null when there was nothing to push. */
  readonly commit: string | null
  readonly commits: readonly string[]
  readonly changes: readonly { readonly status: 'A' | 'M' | 'D'; readonly path: string }[]
}

/** One file to write (bytes) or to delete, from the root. */
interface Work {
  readonly status: 'A' | 'M' | 'D'
  readonly path: string
  readonly bytes: Uint8Array | undefined
  readonly identity:
    | { readonly group: string; readonly kind: string; readonly namespace?: string; readonly name: string }
    | undefined
}

/**
 * Makes the folder hold the member's files, in one push where it fits. What is there already is not pushed again.
 * @throws CommandFailure for a folder that a GitSync has claimed; GitError
 */
export async function pushFiles(member: Member, repository: Repository, to: ExportTo): Promise<Exported> {
  const commits: string[] = []
  const changes = new Map<string, Exported['changes'][number]>()
  for (let race = 0; ; race++) {
    const { snapshot, work } = await plan(member, repository, to)
    for (const { status, path } of work) if (!changes.has(path)) changes.set(path, { status, path })
    const all = [...changes.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    // A branch that begins with everything as it should be has no commit of its own.
    if (!to.dryRun && work.length === 0 && snapshot.tip === null && snapshot.commit !== null) {
      await repository.createBranch(to.branch, snapshot.commit)
    }
    if (to.dryRun || work.length === 0) return { commit: commits.at(-1) ?? null, commits, changes: all }
    try {
      await pushAll(repository, { snapshot, work, to, commits })
      return { commit: commits.at(-1) ?? null, commits, changes: all }
    } catch (error) {
      if (!isGitError(error, 'StaleRef') || race >= MAX_RACES) throw error
    }
  }
}

async function plan(
  member: Member,
  repository: Repository,
  { branch, path, prune }: ExportTo,
): Promise<{ readonly snapshot: Snapshot; readonly work: readonly Work[] }> {
  const depth = path === '.' ? 0 : path.split('/').length
  const start = await repository.snapshot(branch, { depth, orFrom: 'HEAD' })
  // Trees that the folder has if it is as it should be: then none of them is fetched.
  const seeds = buildTrees([...member.desired.files()], SHA1).trees
  const snapshot = await repository.read(start, { folders: [path], recursive: true, seeds })
  const files = viewOf(member, repository, snapshot).files()
  const { writes, extras } = compare(member.desired, files)
  const prefix = path === '.' ? '' : `${path}/`
  const work: Work[] = writes.map(({ file, exists }) => ({
    status: exists ? 'M' : 'A',
    path: prefix + file.path,
    bytes: member.spool.get(file.oid),
    identity: file.identity,
  }))
  if (work.some(({ bytes }) => bytes === undefined)) {
    throw new CommandFailure('limit', 'the export is larger than 1 GiB: divide it by --resource or --namespace')
  }
  if (prune === 'Always') {
    for (const extra of extras)
      work.push({ status: 'D', path: prefix + extra.path, bytes: undefined, identity: undefined })
  }
  refuseClaimed(work, { snapshot, path, files: files.map((file) => file.path) })
  return { snapshot, work: work.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

/** A GitSync's folder is its own: what is exported into it would be written over, or taken for drift. */
function refuseClaimed(
  work: readonly Work[],
  { snapshot, path, files }: { readonly snapshot: Snapshot; readonly path: string; readonly files: readonly string[] },
): void {
  const parts = path === '.' ? [] : path.split('/')
  const above = parts.map((_, count) => parts.slice(0, count).join('/'))
  const claimed = above.filter((folder) => {
    const entry = snapshot.entry(folder === '' ? CLAIM_FILE : `${folder}/${CLAIM_FILE}`)
    return entry !== null && entry !== 'unread'
  })
  const below = files
    .filter((file) => file === CLAIM_FILE || file.endsWith(`/${CLAIM_FILE}`))
    .map((file) => [...parts, ...file.split('/').slice(0, -1)].join('/'))
  for (const folder of [...claimed, ...below]) {
    const inside = work.find((one) => folder === '' || one.path.startsWith(`${folder}/`))
    if (inside === undefined) continue
    throw new CommandFailure(
      'conflict',
      `the folder ${folder === '' ? '.' : folder} belongs to a GitSync (its ${CLAIM_FILE} says so), and ${inside.path} is in it: export to another PATH or branch`,
    )
  }
}

async function pushAll(
  repository: Repository,
  {
    snapshot,
    work,
    to,
    commits,
  }: { readonly snapshot: Snapshot; readonly work: readonly Work[]; readonly to: ExportTo; readonly commits: string[] },
): Promise<void> {
  let base = snapshot
  const parts = partsOf(work, to.bytesPerPush)
  let done = 0
  for (const [index, part] of parts.entries()) {
    await using edit = await repository.edit(to.branch, { base, writing: 'memory' })
    stage(edit, part)
    const numbered = parts.length === 1 ? '' : ` (${index + 1} of ${parts.length})`
    const { author, committer } = to
    const commit = await edit.commit({ message: messageOf(part, to, numbered), author, committer })
    const outcome = await edit.push()
    base = outcome.snapshot
    if (commit !== null) commits.push(commit)
    done += part.length
    to.onProgress(done, work.length)
  }
}

function stage(edit: Edit, part: readonly Work[]): void {
  for (const { path, bytes } of part) {
    if (bytes === undefined) edit.delete(path, { ifExists: true })
    else edit.put(path, bytes, { replace: true })
  }
}

function partsOf(work: readonly Work[], bytesPerPush: number): readonly (readonly Work[])[] {
  const parts: Work[][] = [[]]
  let size = 0
  for (const one of work) {
    const length = one.bytes?.length ?? 0
    if (size > 0 && size + length > bytesPerPush) {
      parts.push([])
      size = 0
    }
    parts.at(-1)?.push(one)
    size += length
  }
  return parts
}

const ACTIONS = { A: 'Create', M: 'Update', D: 'Delete' } as const

function messageOf(part: readonly Work[], { message: given, author }: ExportTo, numbered: string): string {
  if (given !== undefined) {
    const [first = '', ...rest] = given.trim().split('\n')
    return [`${first}${numbered}`, ...rest].join('\n')
  }
  const changes = part.map(({ status, path, identity }) => ({
    action: ACTIONS[status],
    ...(identity ?? { group: '', kind: 'file', name: path }),
  }))
  const [first = '', ...rest] = renderMessage(undefined, {
    changes,
    gitsync: 'export',
    author,
    cluster: '',
    time: '',
  }).split('\n')
  return [`${first}${numbered}`, ...rest].join('\n')
}
