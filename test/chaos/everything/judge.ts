import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../kit/apiserver/index.ts'
import type { TestRepository } from '../../kit/remote/index.ts'
import { readBlobs } from '../oracle.ts'
import { documentsOf, isBroken, meant, wanted } from './documents.ts'
import type { Journal } from './journal.ts'
import { isCovered, selectedBy } from './selection.ts'
import type { Cluster } from './selection.ts'
import { SECRET } from './specs.ts'
import type { Spec } from './specs.ts'

const OPERATOR = 'gitsync-operator'
const CLAIM = '.gitsync'
/** Milliseconds between the moment when the operator asks whether an object is gone and when its commit is seen here. */
const PROOF_AGE = 10_000

interface FileChange {
  readonly path: string
  readonly status: string
  readonly before: string
  readonly after: string
}

interface Commit {
  readonly oid: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly committer: string
  /** Seconds since 1970. */
  readonly time: number
  readonly subject: string
  readonly changes: readonly FileChange[]
}

/** All commits of a branch, the oldest first. */
export async function readHistory(store: TestRepository, branch: string): Promise<Commit[]> {
  if ((await store.resolve(branch)) === null) return []
  const format = '--format=%x02%H%x01%T%x01%P%x01%cn%x01%ct%x01%s'
  const text = await store.git('log', '--reverse', '--raw', '--no-abbrev', '--no-renames', '--root', format, branch)
  return text
    .split('\u0002')
    .slice(1)
    .map((part) => {
      const [head = '', ...lines] = part.split('\n')
      const [oid = '', tree = '', parents = '', committer = '', time = '', subject = ''] = head.split('\u0001')
      const changes = lines.flatMap((line) => {
        const match = /^:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) (\w)\t(.*)$/.exec(line)
        return match === null
          ? []
          : [{ before: match[1] ?? '', after: match[2] ?? '', status: match[3] ?? '', path: match[4] ?? '' }]
      })
      return {
        oid,
        tree,
        parents: parents.split(' ').filter((each) => each !== ''),
        committer,
        time: Number(time),
        subject,
        changes,
      }
    })
}

const inFolder = ({ repository: { path } }: Spec, file: string): boolean => file.startsWith(`${path}/`)

export interface Evidence {
  readonly store: TestRepository
  readonly journal: Journal
  /** When each commit was first seen on its branch. */
  readonly seen: ReadonlyMap<string, number>
}

/** What is wrong with the history of a branch. */
export async function faultsOfBranch(
  { store, journal, seen }: Evidence,
  branch: string,
  specs: readonly Spec[],
): Promise<string[]> {
  const commits = await readHistory(store, branch)
  // A new branch begins where the default one was.
  const inherited = new Set(branch === 'main' ? [] : (await readHistory(store, 'main')).map(({ oid }) => oid))
  const contents = await readBlobs(
    store,
    commits
      .flatMap(({ changes }) => changes.flatMap(({ before, after }) => [before, after]))
      .filter((oid) => !/^0+$/.test(oid)),
  )
  const textOf = (oid: string): string => contents.get(oid) ?? ''
  const found: string[] = []
  const files = new Map<string, string>()
  /** The objects that a file has held last; people break files too. */
  const heldLast = new Map<string, readonly string[]>()
  let last: Commit | undefined
  for (const commit of commits) {
    const { oid, tree, parents, committer, subject, changes } = commit
    const say = (what: string): void => void found.push(`${oid.slice(0, 10)} (${committer}: ${subject}) ${what}`)
    if (parents.length > 1 || (last !== undefined && parents[0] !== last.oid)) say('is not on a line with the others')
    if (committer === OPERATOR && last?.tree === tree) say('changes nothing')
    last = commit
    const before = new Map(files)
    for (const { path, status, after } of changes) {
      if (status === 'D') files.delete(path)
      else files.set(path, after)
      const held = [...documentsOf(textOf(after)).keys()]
      if (held.length > 0) heldLast.set(path, held)
      if (textOf(after).includes(SECRET) || textOf(after).includes(Buffer.from(SECRET).toString('base64')))
        say(`shows a Secret in ${path}`)
    }
    if (committer !== OPERATOR || inherited.has(oid)) continue
    const owners = specs.filter(
      (spec) => spec.repository.branch === branch && changes.every(({ path }) => inFolder(spec, path)),
    )
    const [owner] = owners
    if (owner === undefined || owners.length > 1) {
      say(`changes what is outside of every folder, or in several: ${changes.map(({ path }) => path).join()}`)
      continue
    }
    const index = specs.indexOf(owner)
    const moments = journal.between((seen.get(oid) ?? Infinity) - PROOF_AGE, seen.get(oid) ?? Infinity)
    for (const { path, status, before: old, after } of changes) {
      if (status !== 'M' || owner.layout.existing !== 'Edit') continue
      for (const [remark] of textOf(old).matchAll(/^# remark \d+$/gm)) {
        if (
          !textOf(after).includes(remark) &&
          [...documentsOf(textOf(old)).keys()].every((id) => documentsOf(textOf(after)).has(id))
        ) {
          say(`loses the comment "${remark}" of ${path}`)
        }
      }
    }
    for (const { path, before: old, after } of changes) {
      if (path === `${owner.repository.path}/${CLAIM}`) continue
      const was = documentsOf(textOf(old))
      for (const [id, said] of documentsOf(textOf(after))) {
        const then = was.get(id)
        if (then !== undefined && isDeepStrictEqual(meant(owner, then), meant(owner, said))) continue
        if (!wasSo(journal, seen.get(oid) ?? Infinity, index, id, said)) {
          say(`writes ${id} to ${path}, which was never selected like this: ${JSON.stringify(said)}`)
        }
      }
    }
    // What was said in the folder before and is said nowhere in it after.
    const ids = (tree: ReadonlyMap<string, string>, only: (path: string) => boolean): Set<string> =>
      new Set(
        [...tree].flatMap(([path, blob]) =>
          only(path) && path !== `${owner.repository.path}/${CLAIM}` ? [...documentsOf(textOf(blob)).keys()] : [],
        ),
      )
    const touched = new Set(changes.map(({ path }) => path))
    const left = ids(files, (path) => inFolder(owner, path))
    const mayGo = (id: string): boolean =>
      moments.some(({ cluster, specs: then, selected }) => {
        const spec = then[index]
        if (spec === undefined || spec.prune === 'Never') return false
        const isServed = cluster.hasWidgets || !id.startsWith('example.com/')
        if (isServed && !cluster.objects.has(id)) return true
        return spec.prune === 'Always' && isServed && selected[index]?.has(id) !== true
      })
    for (const id of ids(before, (path) => touched.has(path))) {
      if (!left.has(id) && !mayGo(id)) say(`deletes ${id}, which nothing explains`)
    }
    for (const { path, status, before: old } of changes) {
      if (status !== 'D' || documentsOf(textOf(old)).size > 0) continue
      if (moments.some(({ specs: then }) => then[index]?.prune === 'Always')) continue
      // There a file is its object's by its path, whatever is in it.
      const held = owner.layout.existing === 'Replace' ? heldLast.get(path) : undefined
      if (held === undefined || !held.every(mayGo)) say(`deletes ${path}, which holds no object`)
    }
  }
  return found
}

/** So long an object's change may be heard of before a change of its namespace's labels that came first, in milliseconds. */
const LATE_NEWS = 1_000

/** Whether a GitSync had to write an object in this form at some moment until then. */
function wasSo(journal: Journal, until: number, index: number, id: string, said: Record<string, unknown>): boolean {
  const isMeant = (spec: Spec, object: KubeObject | undefined): boolean =>
    object !== undefined && isDeepStrictEqual(meant(spec, said), wanted(spec, object))
  const moments = journal.between(0, until).toReversed()
  return (
    moments.some((moment) =>
      journal.inForce(moment, index).some((spec) => {
        const selected = spec === moment.specs[index] ? moment.selected[index] : selectedBy(spec, moment.cluster)
        return isMeant(spec, selected?.get(id))
      }),
    ) ||
    moments.some((moment) =>
      journal.inForce(moment, index).some((spec) => {
        if (!isMeant(spec, moment.cluster.objects.get(id))) return false
        const before = journal.between(moment.time - LATE_NEWS, moment.time)
        return before.some(({ cluster: { namespaces } }) => selectedBy(spec, { ...moment.cluster, namespaces }).has(id))
      }),
    )
  )
}

/** Files that are meant to hold objects, and can't be read. */
export async function brokenFiles(store: TestRepository, { repository: { branch, path } }: Spec): Promise<string[]> {
  if ((await store.resolve(branch)) === null) return []
  const files = (await store.lsTree(branch, path)).filter((file) => /\.(ya?ml|json)$/.test(file.path))
  const contents = await readBlobs(
    store,
    files.map(({ oid }) => oid),
  )
  return files.flatMap((file) => (isBroken(contents.get(file.oid) ?? '') ? [file.path] : []))
}

/** How a folder differs from what it has to be; empty when it does not. */
export async function faultsOfFolder(
  store: TestRepository,
  spec: Spec,
  cluster: Cluster,
  history: readonly Commit[],
): Promise<string[]> {
  const { branch, path: folder } = spec.repository
  const selected = selectedBy(spec, cluster)
  if ((await store.resolve(branch)) === null)
    return [...selected.keys()].map((id) => `${folder}: ${id} is missing, and so is the branch`)
  const listed = await store.lsTree(branch, folder)
  const contents = await readBlobs(
    store,
    listed.map(({ oid }) => oid),
  )
  const files = listed.filter(({ path }) => path !== `${folder}/${CLAIM}`)
  const places = new Map<string, { readonly path: string; readonly said: Record<string, unknown> }[]>()
  for (const { path, oid } of files) {
    for (const [id, said] of documentsOf(contents.get(oid) ?? '')) {
      places.set(id, [...(places.get(id) ?? []), { path, said }])
    }
  }
  const found: string[] = []
  for (const [id, object] of selected) {
    const there = places.get(id) ?? []
    const should = wanted(spec, object)
    if (there.some(({ said }) => isDeepStrictEqual(meant(spec, said), should))) continue
    if (
      spec.onDrift === 'Adopt' &&
      isAdopted(
        history,
        there.map(({ path }) => path),
        folder,
        object,
      )
    )
      continue
    found.push(
      there.length === 0
        ? `${folder}: ${id} is missing`
        : `${folder}: ${id} is not what ${there.map(({ path }) => path).join()} says: ${JSON.stringify(there[0]?.said)} instead of ${JSON.stringify(should)}`,
    )
  }
  const touched = new Set(
    history.flatMap(({ committer, changes }) => (committer === OPERATOR ? [] : changes.map(({ path }) => path))),
  )
  for (const [id, there] of places) {
    if (selected.has(id) || cluster.objects.has(id)) continue
    if (spec.prune === 'Never' || spec.prune === 'Observed') continue
    const isCoveredNow = spec.resources.some((entry) => isCovered(entry, id, cluster))
    for (const { path } of there) {
      // What people have put there is theirs, and what was selected once stays.
      if (spec.prune === 'Owned' && (touched.has(path) || !isCoveredNow)) continue
      found.push(`${folder}: ${path} still holds ${id}, which is gone (prune: ${spec.prune})`)
    }
  }
  if (spec.prune === 'Always') {
    for (const { path, oid } of files) {
      if (documentsOf(contents.get(oid) ?? '').size === 0) found.push(`${folder}: ${path} is nobody's (prune: Always)`)
    }
  }
  return found
}

/** Whether somebody else has written or removed an object's file after its last write. */
function isAdopted(
  history: readonly Commit[],
  there: readonly string[],
  folder: string,
  object: {
    readonly metadata: {
      readonly creationTimestamp?: string
      readonly managedFields?: readonly { readonly time?: string }[]
    }
  },
): boolean {
  const { creationTimestamp = '', managedFields = [] } = object.metadata
  const written = Math.max(
    ...[creationTimestamp, ...managedFields.map(({ time = '' }) => time)].map((time) => Date.parse(time) || 0),
  )
  const lastOf = new Map<string, Commit>()
  for (const commit of history)
    for (const { path } of commit.changes) if (path.startsWith(`${folder}/`)) lastOf.set(path, commit)
  const candidates = there.length > 0 ? there : [...lastOf.keys()]
  return candidates.some((path) => {
    const last = lastOf.get(path)
    return last !== undefined && last.committer !== OPERATOR && last.time * 1000 >= written
  })
}
