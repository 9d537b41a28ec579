import { GitError } from '../../format/errors.ts'
import { Mode } from '../../format/tree.ts'
import { modeOf, pathOf, StagedFolder, wrongType } from './staged-tree.ts'
import type { Names, StagedEntry, StagedFile, StagedTree } from './staged-tree.ts'

/** One step of an edit. Steps are made in the order in which they were asked for, each on what the ones before have left. */
export interface Change {
  /** Folders whose entries must be known first. */
  readonly needs: readonly Names[]
  /** @throws GitError `PathNotFound`, `UnexpectedType`, `TargetExists` */
  readonly apply: (tree: StagedTree) => void
}

const parent = (names: Names): Names => names.slice(0, -1)

/** @param file without a mode an executable stays one, and everything else becomes a plain file */
export function putFile(
  names: Names,
  file: Omit<StagedFile, 'mode'> & { readonly mode: number | undefined },
  replace: boolean,
): Change {
  return {
    needs: [parent(names)],
    apply(tree) {
      const existing = tree.entry(names)
      if (existing instanceof StagedFolder && !replace) throw wrongType(names, 'blob', existing)
      const executable = existing !== undefined && modeOf(existing) === Mode.executable
      tree.set(names, { ...file, mode: file.mode ?? (executable ? Mode.executable : Mode.file) }, { replace })
    },
  }
}

/** @param ifExists where there is no file, nothing happens */
export function deleteFile(names: Names, ifExists: boolean): Change {
  return {
    needs: [parent(names)],
    apply(tree) {
      const existing = tree.entry(names)
      if (existing instanceof StagedFolder || existing === undefined) {
        if (ifExists) return
        throw existing === undefined ? notFound(names) : wrongType(names, 'blob', existing)
      }
      tree.detach(names)
      tree.prune(parent(names))
    },
  }
}

/** @param names of the folder; none for everything there is */
export function deleteFolder(names: Names, ifExists: boolean): Change {
  if (names.length === 0) return { needs: [[]], apply: (tree) => tree.clear() }
  return {
    needs: [parent(names)],
    apply(tree) {
      const existing = tree.entry(names)
      if (!(existing instanceof StagedFolder)) {
        if (ifExists) return
        throw existing === undefined ? notFound(names) : wrongType(names, 'tree', existing)
      }
      tree.detach(names)
      tree.prune(parent(names))
    },
  }
}

/** @param kind what must be there to be moved */
export function moveEntry(kind: 'any' | 'tree', from: Names, to: Names, replace: boolean): Change {
  return {
    needs: [parent(from), parent(to)],
    apply(tree) {
      const entry = tree.entry(from)
      if (entry === undefined) throw notFound(from)
      if (kind === 'tree' && !(entry instanceof StagedFolder)) throw wrongType(from, kind, entry)
      if (!replace) checkFree(tree, to)
      tree.detach(from)
      tree.set(to, entry, { replace })
      tree.prune(parent(from))
    },
  }
}

export function setFileMode(names: Names, mode: number): Change {
  return {
    needs: [parent(names)],
    apply(tree) {
      const existing = tree.entry(names)
      if (existing === undefined) throw notFound(names)
      if (existing instanceof StagedFolder || existing.mode === Mode.gitlink) throw wrongType(names, 'blob', existing)
      tree.set(names, { ...existing, mode })
    },
  }
}

function checkFree(tree: StagedTree, names: Names): void {
  for (let depth = 1; depth < names.length; depth++) {
    const above: StagedEntry | undefined = tree.entry(names.slice(0, depth))
    if (above === undefined) return
    if (!(above instanceof StagedFolder)) throw wrongType(names.slice(0, depth), 'tree', above)
  }
  if (tree.entry(names) === undefined) return
  const path = pathOf(names)
  throw new GitError('TargetExists', `${JSON.stringify(path)} exists already; replace: true makes it make way`, {
    path,
  })
}

function notFound(names: Names): GitError {
  const path = pathOf(names)
  return new GitError('PathNotFound', `${JSON.stringify(path)} does not exist`, { path })
}
