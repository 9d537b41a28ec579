import type { ConditionState } from '../api/conditions.ts'
import type { DashboardStatus } from '../api/dashboard.ts'
import { identityKey } from '../objects/object.ts'
import type { KubernetesObject } from '../objects/object.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import { pathIn } from '../plan/path-in.ts'
import type { Member } from '../push/member.ts'
import { counted } from './counted.ts'
import type { FeedState } from './feeds/feeds.ts'
import type { HistoryState } from './grafana/dashboard-history.ts'
import { dashboardIdentity } from './known-resources.ts'
import { toConditions } from './report.ts'
import type { Runtime } from './runtime.ts'
import type { Problem } from './step.ts'

/** Names that a message shows of many. */
const SHOWN = 3
/** Dashboards that a status lists of those that are wrong, and characters that it has of each text. */
const LISTED = 10
const MAX_TEXT = 1024

/** How it stands with a Dashboard. */
export interface DashboardFinding {
  readonly states: readonly ConditionState[]
  /** Its file; undefined where that is not in Git as it should be: what was said of it before stays. */
  readonly file?: Required<Pick<DashboardStatus, 'path' | 'oid' | 'title'>> &
    Pick<DashboardStatus, 'sourceUrl' | 'sourceVersion' | 'sourceSavedAt'>
  /** Its files, where it stands for many; undefined where that is not known: what was said before stays. */
  readonly many?: Required<Pick<DashboardStatus, 'files' | 'failed' | 'problems'>>
}

/** The GitSync that a Dashboard names, as far as it is known. */
export interface NamedSync {
  readonly name: string
  /** Of its condition Ready; undefined where it does not exist. */
  readonly ready: { readonly status: string; readonly reason: string } | undefined
  /** Undefined while it is not at work. */
  readonly runtime: Pick<Runtime, 'member' | 'problemOf' | 'listed' | 'feeds' | 'historyOf'> | undefined
}

/**
 * What the GitSync's work says of a Dashboard; undefined where that has not taken in yet what the Dashboard says now.
 * @param isNew it was changed a moment ago, so that it may not be known yet
 */
export function findDashboard(
  { metadata }: Pick<KubernetesObject, 'metadata'>,
  { name, ready, runtime }: NamedSync,
  isNew: boolean,
): DashboardFinding | undefined {
  if (ready === undefined) {
    const message = `spec.syncRef.name: GitSync ${name} does not exist in namespace ${metadata.namespace}`
    return inTheWay({ reason: 'SyncNotFound', message })
  }
  if (runtime === undefined)
    return ready.status === 'False' ? notWriting(name, ready.reason) : underWay(`GitSync ${name} is starting`)
  const feed = runtime.feeds.stateOf(metadata.name)
  if (feed !== undefined) return findFed(metadata, feed, { name, runtime })
  const { member } = runtime
  const identity = dashboardIdentity(metadata.namespace, metadata.name)
  const key = identityKey(identity)
  const history = runtime.historyOf(key)
  if (history !== undefined) return findFollowed(metadata, history, key, { name, runtime })
  const unrendered = runtime.problemOf(key)
  const file = member.desired.ofObject(key)
  const seen = unrendered === undefined ? file?.version : unrendered.version
  if (seen === undefined) {
    if (isNew || !runtime.listed) return underWay(`GitSync ${name} is reading it`)
    const message = `GitSync ${name} leaves it out (spec.exclude, or spec.ignoreManagers with who wrote it last)`
    return inTheWay({ reason: 'SyncNotWriting', message })
  }
  if (seen !== metadata.resourceVersion) return undefined
  if (unrendered !== undefined) return inTheWay(unrendered.problem)
  return file && findFile(file, { name, runtime })
}

type AtWork = { readonly name: string; readonly runtime: NonNullable<NamedSync['runtime']> }

/** What has become of the one file of a Dashboard. */
function findFile(file: DesiredFile, { name, runtime: { member } }: AtWork): DashboardFinding {
  if (!member.desired.isWritable(file.key)) return inTheWay(conflict(member, file))
  const path = pathIn(member.settings.path, file.path)
  if (!member.isCompared || member.isPending(file.key)) return waiting(member, name, `${path} is being written`)
  const duplicate = duplicateUid(member, file)
  return {
    ...(duplicate === undefined ? ready(`${path} is in Git`) : inTheWay(duplicate)),
    file: {
      path,
      oid: file.oid,
      title: file.title ?? '',
      sourceUrl: undefined,
      sourceVersion: undefined,
      sourceSavedAt: undefined,
    },
  }
}

/** What has become of a Dashboard whose history in a Grafana is followed. */
function findFollowed(
  { resourceVersion }: KubernetesObject['metadata'],
  { version, problem, note, isInStep, source }: HistoryState,
  key: string,
  at: AtWork,
): DashboardFinding | undefined {
  if (version !== resourceVersion) return undefined
  if (problem !== undefined) return inTheWay(problem)
  const file = at.runtime.member.desired.ofObject(key)
  const found = file && findFile(file, at)
  if (file !== undefined && found !== undefined && found.file === undefined) return found
  if (found?.file === undefined || source === undefined || !isInStep)
    return underWay('Grafana is asked for its versions')
  return {
    states: [
      ...found.states.map((state) =>
        state.status === 'True' && state.type === 'Ready'
          ? { ...state, message: `${state.message}, at version ${source.sourceVersion}` }
          : state,
      ),
      ...(note === undefined ? [] : [{ type: 'Incomplete', status: 'True', ...note } as const]),
    ],
    file: { ...found.file, ...source },
  }
}

/** What has become of a Dashboard whose text is elsewhere. */
function findFed(
  { resourceVersion }: KubernetesObject['metadata'],
  { version, isMany, noun, isSynced, problem, files }: FeedState,
  at: AtWork,
): DashboardFinding | undefined {
  if (version !== resourceVersion) return undefined
  if (problem !== undefined) return inTheWay(problem)
  if (!isSynced) return underWay(`GitSync ${at.name} is reading what it names`)
  const { runtime } = at
  const { member } = runtime
  if (!isMany) {
    const [key = ''] = files.keys()
    const unrendered = runtime.problemOf(key)
    if (unrendered !== undefined) return inTheWay(unrendered.problem)
    const file = member.desired.ofObject(key)
    return file === undefined ? underWay(`GitSync ${at.name} is reading it`) : findFile(file, at)
  }
  const wrong: { readonly dashboard: string; readonly problem: Problem }[] = []
  const incomplete: { readonly dashboard: string; readonly problem: Problem }[] = []
  let behind = 0
  for (const [key, dashboard] of files) {
    const unrendered = runtime.problemOf(key)
    const history = runtime.historyOf(key)
    const file = member.desired.ofObject(key)
    if (history?.note !== undefined) incomplete.push({ dashboard, problem: history.note })
    if (history?.isInStep === false && history.problem === undefined) behind++
    if (history?.problem !== undefined) wrong.push({ dashboard, problem: history.problem })
    else if (unrendered !== undefined) wrong.push({ dashboard, problem: unrendered.problem })
    else if (file !== undefined && !member.desired.isWritable(key))
      wrong.push({ dashboard, problem: conflict(member, file) })
    else if (file !== undefined) {
      const duplicate = duplicateUid(member, file)
      if (duplicate !== undefined) wrong.push({ dashboard, problem: duplicate })
    }
  }
  // In one order, whatever the order in which they were told: a start of the operator changes no status.
  wrong.sort((a, b) => (a.dashboard < b.dashboard ? -1 : 1))
  const good = files.size - wrong.length
  const many = {
    files: good,
    failed: wrong.length,
    problems: wrong.slice(0, LISTED).map(({ dashboard, problem: { reason, message } }) => ({
      dashboard: dashboard.slice(0, MAX_TEXT),
      reason,
      message: message.slice(0, MAX_TEXT),
    })),
  }
  const [first] = wrong
  if (first !== undefined) {
    const message = `${counted(wrong.length, noun, `${noun}s`)} of ${files.size} ${wrong.length === 1 ? 'is' : 'are'} wrong: ${inWords(wrong)}`
    return { ...inTheWay({ reason: first.problem.reason, message }), many }
  }
  if (behind > 0) return underWay(`Grafana is asked for the versions of ${counted(behind, 'dashboard', 'dashboards')}`)
  if (!member.isCompared || files.keys().some((key) => member.isPending(key)))
    return waiting(member, at.name, `${counted(good, `${noun} is`, `${noun}s are`)} being written`)
  const { states } = ready(`${counted(good, `${noun} is`, `${noun}s are`)} in Git`)
  const [lacking] = incomplete
  if (lacking === undefined) return { states, many }
  const { reason } = lacking.problem
  return { states: [...states, { type: 'Incomplete', status: 'True', reason, message: inWords(incomplete) }], many }
}

const inWords = (found: readonly { readonly dashboard: string; readonly problem: Problem }[]): string =>
  found
    .slice(0, SHOWN)
    .map(({ dashboard, problem }) => `${dashboard}: ${problem.message}`)
    .join('; ')

const ready = (message: string): DashboardFinding => ({
  states: [{ type: 'Ready', status: 'True', reason: 'Succeeded', message }],
})

function waiting({ standing: { failure } }: Member, name: string, message: string): DashboardFinding {
  return failure === undefined || failure.reason === 'Progressing'
    ? underWay(message)
    : notWriting(name, failure.reason)
}

const inTheWay = (problem: Problem): DashboardFinding => ({ states: toConditions([problem], undefined) })

function underWay(message: string): DashboardFinding {
  return {
    states: [
      { type: 'Ready', status: 'Unknown', reason: 'Progressing', message },
      { type: 'Reconciling', status: 'True', reason: 'Progressing', message },
    ],
  }
}

const notWriting = (name: string, reason: string): DashboardFinding =>
  inTheWay({ reason: 'SyncNotWriting', message: `GitSync ${name} does not write now (${reason})` })

function conflict({ desired }: Member, { path, key: own }: DesiredFile): Problem {
  const shown = desired
    .objectsAt(path)
    .filter(({ key }) => key !== own)
    .slice(0, SHOWN)
    .map(({ key }) => key)
  return { reason: 'PathConflict', message: `${path} is also wanted by ${shown.join(', ')}, and none is written` }
}

/** Written all the same: it is for people to say which of them is to have another. */
function duplicateUid({ desired }: Member, file: DesiredFile): Problem | undefined {
  const others = desired.sharingUid(file)
  if (others.length === 0) return undefined
  const shown = others.slice(0, SHOWN).join(', ')
  const message = `uid ${file.uid ?? ''} is also that of ${shown}, and Grafana takes one of them; all are written`
  return { reason: 'DuplicateUid', message }
}
