import { isGitError } from '@gitsync/protocol'
import type { Clock } from '../../time/clock.ts'
import type { AuditedGitSync } from '../audited.ts'
import type { BranchLogs, LogSegment } from '../remote/branch-logs.ts'
import type { LoggedCommit } from '../remote/logged-commit.ts'
import type { Seal } from '../seal.ts'
import { boundsOf, isOfKind } from './filter.ts'
import type { TimelineFilter } from './filter.ts'
import { streamsOf } from './streams.ts'
import type { Stream } from './streams.ts'
import { visibleCommit } from './visible.ts'
import type { VisibleCommit } from './visible.ts'

/** A page of the timeline. */
export interface Timeline {
  /** Newest first. */
  readonly commits: readonly VisibleCommit[]
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined
  /** What is not in it, and why. */
  readonly notes: readonly string[]
  /** Commits that the viewer may see and that were looked at: of others not even their number is told. */
  readonly looked: number
  /** Committed time of the last one of these, milliseconds since the epoch. */
  readonly until: number | undefined
}

export interface TimelineDependencies {
  readonly logs: BranchLogs
  readonly seal: Seal
  readonly clock: Clock
}

/** Commits of a page. */
const PAGE = 25
/** Histories that are read for a page and those before it. */
const MAX_STREAMS = 24
/** Commits that are read for a page. */
const MAX_READ = 2_000
/** Characters of a page's cursor: servers before the page take addresses of 8 KiB at most. */
const MAX_CURSOR = 6_000
/** In milliseconds: what was found until then is shown, and where nothing was found, that. */
const MAX_MS_WITH_SOME = 3_000
const MAX_MS = 9_000

/** What a page's cursor says of a history: where to go on; null at its end. */
type Position = string | null

interface Opened {
  readonly stream: Stream
  /** Where it begins, if not at the branch's tip. */
  start: string | undefined
  position: Position | undefined
  buffer: { readonly commit: LoggedCommit; readonly cursor: Position }[]
}

/** The newest commits of several histories, put together by time. */
export async function timelineOf(
  gitsyncs: readonly AuditedGitSync[],
  filter: TimelineFilter,
  cursor: string | undefined,
  dependencies: TimelineDependencies,
): Promise<Timeline> {
  const { logs, seal, clock } = dependencies
  const isWanted = ({ namespace }: AuditedGitSync): boolean => filter.namespace === '' || namespace === filter.namespace
  const bounds = boundsOf(filter)
  const notes: string[] = []
  const kept = await positionsOf(cursor, seal)
  if (cursor !== undefined && kept === undefined)
    notes.push('This page was made before the operator began anew: the newest changes are shown')
  const streams = streamsOf(gitsyncs, isWanted)
  const opened = streams.filter(({ id }) => kept?.has(id)).map((stream) => open(stream, kept?.get(stream.id)))
  const closed = streams.filter(({ id }) => kept?.has(id) !== true)
  const failed = new Set<Opened>()
  const commits: VisibleCommit[] = []
  const began = clock.now()
  const isLate = (): boolean => clock.now() - began >= (commits.length > 0 ? MAX_MS_WITH_SOME : MAX_MS)

  const fill = async (one: Opened): Promise<void> => {
    const { stream } = one
    const names = namesOf(stream)
    const author = filter.author === '' ? undefined : filter.author
    while (one.buffer.length === 0 && one.position !== null && !failed.has(one) && !isLate()) {
      const { start, position } = one
      try {
        const request = { path: stream.path, ...bounds, author, start, cursor: position }
        const segment: LogSegment = await logs.segment(stream.branch, request)
        one.buffer = [...segment.entries]
        if (segment.entries.length === 0) one.position = segment.next
      } catch (error) {
        if (
          isGitError(error, 'Timeout') &&
          stream.last !== undefined &&
          start === undefined &&
          position === undefined
        ) {
          one.start = stream.last
          notes.push(
            `${names}: between its last commit and now others have made many: what people have changed in its folder since then is not shown`,
          )
          continue
        }
        failed.add(one)
        notes.push(`${names}: ${logs.inWords(error)}`)
      }
    }
  }

  const shown = new Set<string>()
  const tooLarge = new Set<string>()
  let [read, looked] = [0, 0]
  let until: number | undefined
  while (commits.length < PAGE && read < MAX_READ && !isLate()) {
    await Promise.all(opened.map(fill))
    const best = newestOf(opened)
    const [another] = closed
    if (another !== undefined && another.newest >= (best?.buffer[0]?.commit.committed ?? 0)) {
      if (opened.length >= MAX_STREAMS) break
      // Several at once: they are asked at different places.
      const some = closed.splice(0, Math.min(4, MAX_STREAMS - opened.length))
      opened.push(...some.map((stream) => open(stream)))
      continue
    }
    const entry = best?.buffer.shift()
    if (best === undefined || entry === undefined) break
    const { commit, cursor: position } = entry
    best.position = position
    read++
    const { branch, visible, wanted } = best.stream
    if (commit.isTooLarge) tooLarge.add(namesOf(best.stream))
    const id = idOf(best.stream, commit)
    const found = shown.has(id) ? undefined : visibleCommit(commit, branch, visible)
    if (found === undefined || !found.gitsyncs.some((gitsync) => wanted.has(gitsync))) continue
    looked++
    until = commit.committed
    const folders = visible.map(({ path }) => path)
    if (filter.kind !== '' && !isOfKind(found, { kind: filter.kind, folders })) continue
    shown.add(id)
    commits.push(found)
  }
  // A commit is in the history of each folder that it is about: none of them is to begin the next page with it.
  for (const one of opened) {
    for (
      let [first] = one.buffer;
      first !== undefined && shown.has(idOf(one.stream, first.commit));
      [first] = one.buffer
    ) {
      one.position = first.cursor
      one.buffer.shift()
    }
  }
  if (closed.length > 0 && opened.length >= MAX_STREAMS)
    notes.push(
      `Histories of ${opened.length} GitSyncs and branches are put together at once: choose a namespace to see the others`,
    )
  for (const names of tooLarge)
    notes.push(`${names}: a commit that changes more files than can be looked through is left out`)
  const isMore = closed.length > 0 || opened.some(({ buffer, position }) => buffer.length > 0 || position !== null)
  const next = isMore && opened.length > failed.size ? await close(opened, seal) : undefined
  if (next === undefined || next.length <= MAX_CURSOR) return { commits, notes, looked, until, next }
  notes.push(
    'There are older changes, in too many histories to lead on from here: choose a namespace, or an earlier day',
  )
  return { commits, notes, looked, until, next: undefined }
}

const open = (stream: Stream, position?: Position): Opened => ({ stream, start: undefined, position, buffer: [] })

const namesOf = ({ wanted }: Stream): string => [...wanted].map(nameOf).slice(0, 3).join(', ')

const idOf = ({ branch }: Stream, { oid }: LoggedCommit): string => `${branch.key} ${oid}`

const nameOf = ({ namespace, name }: AuditedGitSync): string => `${namespace}/${name}`

function newestOf(opened: readonly Opened[]): Opened | undefined {
  let best: Opened | undefined
  for (const one of opened) {
    const [first] = one.buffer
    if (first !== undefined && first.commit.committed > (best?.buffer[0]?.commit.committed ?? Number.NEGATIVE_INFINITY))
      best = one
  }
  return best
}

/** Of a history whose commits have all been shown there is nothing left to say but that. */
const close = (opened: readonly Opened[], seal: Seal): Promise<string> =>
  seal.close(opened.flatMap(({ stream, position }) => (position === undefined ? [] : [[stream.id, position]])))

async function positionsOf(cursor: string | undefined, seal: Seal): Promise<Map<string, Position> | undefined> {
  const entries = cursor === undefined ? undefined : await seal.open(cursor)
  return Array.isArray(entries) ? new Map(entries as [string, Position][]) : undefined
}
