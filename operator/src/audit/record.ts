/** A commit → what was changed in it, by whom: a record for each object. */
import type { CommitInfo, PathChange } from '@gitsync/protocol'
import type { Person } from '../plan/person.ts'
import { objectsInMessage } from './message-objects.ts'
import type { Action, SaidObject } from './message-objects.ts'
import { trailersOf } from './trailers.ts'
import type { MessageTrailer } from './trailers.ts'

/** An object as a commit names it. */
export interface RecordedObject {
  readonly kind: string
  /** '' is the core group; undefined where only the message names it, without the group. */
  readonly group: string | undefined
  /** Undefined outside namespaces. */
  readonly namespace: string | undefined
  readonly name: string
}

/** One change of one object, as the history has it. */
export interface AuditRecord {
  /** Id of the commit. */
  readonly commit: string
  /** Id of its root tree. */
  readonly tree: string
  readonly parents: readonly string[]
  /** When it was changed: the author's time. */
  readonly time: Date
  /** When it was committed. */
  readonly committed: Date
  readonly author: Person
  readonly committer: Person
  /** First line of the message; of this, names and addresses 1,000 characters at most. */
  readonly subject: string
  /** Whether one of those committed it who were named as the operator. */
  readonly isByOperator: boolean
  /** Undefined where the commit does not say, or says so of too many: see `unlisted`. */
  readonly object: RecordedObject | undefined
  /** Objects of the commit that it does not name: of a list that is too long, how many more there are. */
  readonly unlisted: number
  /** Undefined where neither the message nor the path tells. */
  readonly action: Action | undefined
  /** Whose word the object is: the operator's trailers, a message that people may have written, nobody's. */
  readonly said: 'trailers' | 'message' | 'nothing'
  /** Users as the API server knows them, or pseudonyms (trailer `Changed-by`). */
  readonly changedBy: readonly string[]
  /** Field managers (trailer `Changed-via`). */
  readonly changedVia: readonly string[]
  readonly resourceVersion: string | undefined
  /** uid of the namespace kube-system (trailer `Cluster`). */
  readonly cluster: string | undefined
  /** Why the folder was compared: states between may be missing (trailer `Gitsync-Compared`). */
  readonly compared: string | undefined
  /** The file, where one is followed. */
  readonly path: string | undefined
  /** Where it was before this commit, where it moved. */
  readonly oldPath: string | undefined
  /** What stood at the path, or at the old path, before and what stands there after, where one is followed. */
  readonly change: PathChange | undefined
}

export interface RecordContext {
  /** Addresses of committers that are the operator; lower case. */
  readonly operators: ReadonlySet<string>
  /** The file that is followed, as it is called in this commit. */
  readonly path?: string | undefined
  readonly oldPath?: string | undefined
}

/** The operator lists 50; a commit by somebody else is as long as the server takes. */
const MAX_OBJECTS = 1_000

/** At least one; of a path that is followed exactly one. */
export function recordsOf(commit: CommitInfo, context: RecordContext): AuditRecord[] {
  // Blanks that nobody sees do not make it somebody else's.
  const isByOperator = context.operators.has(commit.committer.email.trim().toLowerCase())
  const trailers = trailersOf(commit.message)
  // What others write there is a message like any other.
  const own = isByOperator ? trailers : []
  const all = (name: string): string[] => valuesOf(own, name)
  const words = objectsInMessage(commit.message)
  const { path, oldPath } = context
  const base = {
    commit: commit.oid,
    tree: commit.tree,
    parents: commit.parents,
    time: commit.author.date,
    committed: commit.committer.date,
    author: { name: bounded(commit.author.name), email: bounded(commit.author.email) },
    committer: { name: bounded(commit.committer.name), email: bounded(commit.committer.email) },
    subject: bounded(commit.message.trimStart().split('\n', 1)[0] ?? ''),
    isByOperator,
    changedBy: all('Changed-by'),
    changedVia: all('Changed-via'),
    cluster: all('Cluster')[0],
    compared: all('Gitsync-Compared')[0],
    path,
    oldPath,
    change: commit.change,
  }
  const said = objectsInTrailers(trailers)
  const actionOf = (object: RecordedObject): Action | undefined =>
    words.objects.find((one) => isSame(one, object))?.action ?? commonAction(words.objects)
  const named = said.objects.length > 0
  const word = named && isByOperator ? 'trailers' : 'message'
  const listed: Pick<AuditRecord, 'object' | 'action' | 'resourceVersion' | 'said' | 'unlisted'>[] = named
    ? said.objects.map(({ object, resourceVersion }) => ({
        object,
        resourceVersion: isByOperator ? resourceVersion : undefined,
        action: actionOf(object),
        said: word,
        unlisted: 0,
      }))
    : words.objects.map(({ action, ...object }) => ({
        object: { ...object, group: undefined },
        action,
        resourceVersion: undefined,
        said: word,
        unlisted: 0,
      }))
  const unlisted = named ? said.unlisted : words.unlisted
  if (path !== undefined) {
    const one = listed.length === 1 && unlisted === 0 ? listed[0] : listed.find(({ object }) => fits(object, path))
    const nothing = { object: undefined, resourceVersion: undefined, said: 'nothing' as const, unlisted: 0 }
    return [{ ...base, ...(one ?? nothing), action: actionAt(commit.change) ?? one?.action }]
  }
  if (unlisted > 0 || listed.length === 0) {
    const said = listed.length > 0 ? word : 'nothing'
    listed.push({ object: undefined, action: undefined, resourceVersion: undefined, said, unlisted })
  }
  return listed.map((one) => ({ ...base, ...one }))
}

const valuesOf = (trailers: readonly MessageTrailer[], wanted: string): string[] =>
  trailers
    .filter(({ name }) => name.toLowerCase() === wanted.toLowerCase())
    .slice(0, MAX_OBJECTS)
    .map(({ value }) => bounded(value))

const MAX_TEXT = 1_000
/** A name, an address, a subject: 1,000 characters at most, as nobody reads more. */
export const bounded = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text)

interface TrailerObjects {
  readonly objects: readonly { readonly object: RecordedObject; readonly resourceVersion: string | undefined }[]
  readonly unlisted: number
}

function objectsInTrailers(trailers: readonly MessageTrailer[]): TrailerObjects {
  const objects: { object: RecordedObject; resourceVersion: string | undefined }[] = []
  let unlisted = 0
  for (const { name, value } of trailers) {
    const last = objects.at(-1)
    if (name.toLowerCase() === 'object') {
      const more = /^and (\d{1,9}) more$/.exec(value)
      const object = parseObject(value)
      if (more !== null) unlisted += Number(more[1])
      else if (object !== undefined && objects.length >= MAX_OBJECTS) unlisted++
      else if (object !== undefined) objects.push({ object, resourceVersion: undefined })
    } else if (name.toLowerCase() === 'resource-version' && last !== undefined) last.resourceVersion ??= value
  }
  return { objects, unlisted }
}

/** Reads what `identityKey` writes: `Deployment.apps/shop/web`, `ClusterRole.rbac.authorization.k8s.io//admin`. */
function parseObject(text: string): RecordedObject | undefined {
  const [, type = '', namespace = '', name = ''] = /^([^/\s]+)\/([^/]*)\/(.+)$/.exec(text) ?? []
  if (type === '') return undefined
  const dot = type.indexOf('.')
  return {
    kind: dot < 0 ? type : type.slice(0, dot),
    group: dot < 0 ? '' : type.slice(dot + 1),
    namespace: namespace === '' ? undefined : namespace,
    name,
  }
}

const isSame = (said: SaidObject, object: RecordedObject): boolean =>
  said.kind === object.kind && said.namespace === object.namespace && said.name === object.name

/** Where all do the same, those that are not listed do as well, but for a list of 50 and more. */
function commonAction(objects: readonly SaidObject[]): Action | undefined {
  const [first, ...others] = new Set(objects.map(({ action }) => action))
  return others.length === 0 ? first : undefined
}

function actionAt(change: PathChange | undefined): Action | undefined {
  if (change === undefined) return undefined
  if (change.before === null) return change.after === null ? undefined : 'Create'
  return change.after === null ? 'Delete' : 'Update'
}

/** Whether a path can be the object's by a usual layout: its name in the last part, its namespace before it. */
function fits(object: RecordedObject | undefined, path: string): boolean {
  if (object === undefined) return false
  const parts = path.toLowerCase().split('/')
  const file = parts.pop() ?? ''
  const { kind, namespace, name } = object
  return (
    file.replace(/\.(?:ya?ml|json)$/, '') === name.toLowerCase() &&
    (namespace === undefined || parts.includes(namespace)) &&
    parts.some((part) => part === kind.toLowerCase() || part.startsWith(`${kind.toLowerCase()}.`))
  )
}
