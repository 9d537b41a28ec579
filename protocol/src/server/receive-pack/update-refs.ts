import { isRefName } from '../../format/ref-name.ts'
import type { RepositoryState, StoredRef } from '../store/repository-store.ts'
import type { RefCommand } from './commands.ts'
import { foldersOf, RefFolders } from './ref-folders.ts'

/** Ref → why it stays as it is, or null where it was changed. */
export type RefResults = ReadonlyMap<string, string | null>

/** Branches that HEAD stands for where its own is not there, the first that is. */
const USUAL = ['main', 'master', 'trunk']

/**
 * What becomes of a repository's refs: each command is judged against where its ref is at that moment.
 * @param refused known already: ref → why
 * @param isAtomic all or none
 */
export function updateRefs(
  state: RepositoryState,
  commands: readonly RefCommand[],
  {
    refused,
    isAtomic,
    peeled,
  }: {
    readonly refused: ReadonlyMap<string, string>
    readonly isAtomic: boolean
    /** Of ids of annotated tags: what they stand for. */
    readonly peeled: ReadonlyMap<string, string>
  },
): { readonly results: RefResults; readonly refs: ReadonlyMap<string, StoredRef>; readonly head: string } {
  const refs = new Map(state.refs)
  const isMade = commands.some(({ old }) => old === null)
  const folders = new RefFolders(isMade ? refs.keys() : [])
  const results = new Map<string, string | null>()
  for (const command of commands) {
    const why = refused.get(command.ref) ?? refusal({ refs, folders, head: state.head }, command)
    results.set(command.ref, why ?? null)
    if (why !== undefined) continue
    if (command.new === null) {
      if (refs.delete(command.ref)) folders.count(command.ref, -1)
    } else {
      if (command.old === null) folders.count(command.ref, 1)
      const stands = peeled.get(command.new)
      refs.set(command.ref, { oid: command.new, ...(stands === undefined ? {} : { peeled: stands }) })
    }
  }
  const isRefused = [...results.values()].some((why) => why !== null)
  if (isAtomic && isRefused) {
    for (const [ref, why] of results) results.set(ref, why ?? 'atomic transaction failed')
    return { results, refs: state.refs, head: state.head }
  }
  return { results, refs, head: headOf(refs, state.head) }
}

function refusal(
  {
    refs,
    folders,
    head,
  }: { readonly refs: ReadonlyMap<string, StoredRef>; readonly folders: RefFolders; readonly head: string },
  { ref, old, new: next }: RefCommand,
): string | undefined {
  if (!/^refs\/[^/]+\/./.test(ref) || !isRefName(ref)) return 'funny refname'
  const now = refs.get(ref)?.oid ?? null
  if (now !== old)
    return now === null ? 'it is not there any more' : old === null ? 'it is there already' : 'fetch first'
  if (next === null) {
    if (now === null) return undefined
    return ref === head ? 'deletion of the current branch prohibited' : undefined
  }
  if (now !== null) return undefined
  for (const folder of foldersOf(ref)) if (refs.has(folder)) return `${folder} is in the way`
  if (folders.has(ref)) return 'refs whose names begin with it are in the way'
  return undefined
}

function headOf(refs: ReadonlyMap<string, StoredRef>, head: string): string {
  if (refs.has(head)) return head
  const usual = USUAL.map((name) => `refs/heads/${name}`).find((name) => refs.has(name))
  const branches = [...refs.keys()].filter((name) => name.startsWith('refs/heads/')).sort()
  return usual ?? branches[0] ?? head
}
