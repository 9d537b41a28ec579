import { CLAIM_FILE } from '../plan/compare.ts'
import {
  editKustomization,
  isNewKustomization,
  KUSTOMIZATION_FILES,
  listResources,
  newKustomization,
  readKustomization,
} from '../render/edit/kustomization.ts'
import { UnreadableYamlError } from '../render/edit/exact-yaml.ts'
import type { Kustomization } from '../render/edit/kustomization.ts'
import type { Composer } from './composer.ts'
import type { FolderView } from './folder-view.ts'
import { contentId } from './member.ts'
import type { Member } from './member.ts'
import { ownCommit } from './planned-commit.ts'
import type { PlannedCommit } from './planned-commit.ts'

/** Whether a file is one of those that are kept in step, and no object's. */
export function isKustomization(member: Member, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return (
    member.settings.kustomization === true &&
    (KUSTOMIZATION_FILES as readonly string[]).includes(name) &&
    !member.desired.isWanted(path)
  )
}

interface KustomizationChanges {
  readonly writes: readonly { readonly path: string; readonly bytes: Uint8Array }[]
  readonly deletes: readonly string[]
  /** Those that cannot be read: they stay as they are. */
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[]
}

/** One folder after the push: names of what is in it, to content ids; null for folders and for what is about to be written. */
type Folder = Map<string, string | null>

/**
 * The commits with the lists of files that they and the folder ask for in the last of them, or in one of their own.
 * @param plan.isCompared every folder is looked at, whatever the commits change
 */
export async function withLists(
  member: Member,
  folder: FolderView,
  plan: {
    readonly commits: readonly PlannedCommit[]
    readonly composer: Pick<Composer, 'written'>
    readonly isCompared: boolean
  },
): Promise<readonly PlannedCommit[]> {
  const { commits, composer, isCompared } = plan
  const isNew = ({ path }: { readonly path: string }): boolean => !folder.has(path)
  const comeAndGo = commits.some(({ writes, deletes }) => deletes.length > 0 || writes.some(isNew))
  if (member.settings.kustomization !== true || !(isCompared || comeAndGo)) return commits
  const { writes, deletes, unreadable } = await planKustomizations(member, folder, commits)
  if (isCompared) member.unreadable = [...member.unreadable, ...unreadable]
  for (const { path, bytes } of writes)
    composer.written.set(path, { oid: contentId(bytes), reading: { documents: [] } })
  for (const path of deletes) composer.written.set(path, undefined)
  if (writes.length + deletes.length === 0) return commits
  const last = commits.at(-1) ?? ownCommit(member, `List the files of ${member.settings.path} for kustomize\n`)
  const listing = { ...last, writes: [...last.writes, ...writes], deletes: [...last.deletes, ...deletes] }
  return [...commits.slice(0, -1), listing]
}

/** What the commits make of the lists of files: each folder with files of ours lists these and the folders that have such. */
async function planKustomizations(
  member: Member,
  folder: FolderView,
  commits: readonly PlannedCommit[],
): Promise<KustomizationChanges> {
  const folders = foldersAfter(folder, commits)
  const ours = new Map<string, Set<string>>()
  for (const { path, isOpaque } of member.desired.files()) {
    // It is no manifest that kustomize could build.
    if (isOpaque === true) continue
    const [name, parent] = [nameOf(path), parentOf(path)]
    if (folders.get(parent)?.has(name) === true) noteBelow(ours, parent, name)
  }
  const writes: { path: string; bytes: Uint8Array }[] = []
  const deletes: string[] = []
  const unreadable: { path: string; problem: string }[] = []
  const unequal = new Map<string, { readonly path: string; readonly oid: string }>()
  for (const [parent, there] of folders) {
    const entries = [...(ours.get(parent) ?? [])].sort()
    const name = KUSTOMIZATION_FILES.find((each) => there.has(each))
    const path = join(parent, name ?? KUSTOMIZATION_FILES[0])
    if (!isKustomization(member, path)) continue
    const oid = name === undefined ? undefined : there.get(name)
    if (oid === undefined) {
      if (entries.length > 0) writes.push({ path, bytes: newKustomization(entries) })
    } else if (oid !== null && !isNewKustomization(oid, entries)) unequal.set(parent, { path, oid })
  }
  const contents = await folder.blobs([...unequal.values()].map(({ oid }) => oid))
  // A folder whose list goes may be none any more.
  const deepestFirst = [...unequal].sort(([a], [b]) => b.split('/').length - a.split('/').length || b.length - a.length)
  for (const [parent, { path, oid }] of deepestFirst) {
    const bytes = contents.get(oid)
    const entries = [...(ours.get(parent) ?? [])]
    if (bytes === undefined) continue
    try {
      const known = readKustomization(bytes)
      const resources = listResources(known.resources, entries, (entry) => folders.get(parent)?.has(entry) === true)
      if (isLeftOver(member, path, known, resources)) {
        deletes.push(path)
        forget(folders, path)
      } else if (entries.length > 0 || resources.length < known.resources.length) {
        const edited = editKustomization(bytes, resources)
        if (!bytes.equals(edited)) writes.push({ path, bytes: edited })
      }
    } catch (error) {
      if (!(error instanceof UnreadableYamlError)) throw error
      unreadable.push({ path, problem: error.message })
    }
  }
  return { writes, deletes, unreadable }
}

/** It was made for files that are gone, and nobody has put anything into it. */
function isLeftOver(member: Member, path: string, { isBare }: Kustomization, resources: readonly string[]): boolean {
  return resources.length === 0 && isBare && member.inventory.has(path)
}

function foldersAfter(folder: FolderView, commits: readonly PlannedCommit[]): Map<string, Folder> {
  const files = new Map<string, string | null>(folder.files().map(({ path, oid }) => [path, oid]))
  for (const { writes, deletes } of commits) {
    for (const { path } of writes) files.set(path, null)
    for (const path of deletes) files.delete(path)
  }
  const folders = new Map<string, Folder>([['', new Map()]])
  for (const [path, oid] of files) {
    if (path !== CLAIM_FILE) note(folders, path, oid)
  }
  return folders
}

function note(folders: Map<string, Folder>, path: string, oid: string | null): void {
  const parent = parentOf(path)
  const known = folders.get(parent)
  if (known !== undefined) {
    known.set(nameOf(path), oid)
    return
  }
  folders.set(parent, new Map([[nameOf(path), oid]]))
  note(folders, parent, null)
}

function forget(folders: Map<string, Folder>, path: string): void {
  const parent = parentOf(path)
  const there = folders.get(parent)
  there?.delete(nameOf(path))
  if (parent !== '' && there?.size === 0) forget(folders, parent)
}

function noteBelow(ours: Map<string, Set<string>>, parent: string, name: string): void {
  const known = ours.get(parent)
  if (known?.add(name) !== undefined) return
  ours.set(parent, new Set([name]))
  if (parent !== '') noteBelow(ours, parentOf(parent), nameOf(parent))
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0))
const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}/${name}`)
