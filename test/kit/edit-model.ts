import { GitError, Mode } from '@gitsync/protocol'
import type { Edit } from '@gitsync/protocol'
import * as fc from 'fast-check'

/** A file as a map of paths holds it. Of a submodule, `content` is the commit. */
export interface ModelFile {
  readonly mode: number
  readonly content: string
}

/** All files by path: folders are nothing but parts of paths. */
export type Model = ReadonlyMap<string, ModelFile>

export type Operation =
  | { readonly kind: 'put'; path: string; content: string; mode: number | undefined; replace: boolean }
  | { readonly kind: 'submodule'; path: string; commit: string; replace: boolean }
  | { readonly kind: 'setMode'; path: string; mode: number }
  | { readonly kind: 'delete' | 'deleteTree'; path: string; ifExists: boolean }
  | { readonly kind: 'move' | 'moveTree'; path: string; to: string; replace: boolean }

const SUBMODULES = ['1'.repeat(40), '2'.repeat(40)]
const modes = fc.constantFrom(Mode.file, Mode.executable, Mode.symlink)
/** Few names, so that paths meet; what follows a name sorts before it as a folder and behind it as a file. */
const path = fc.array(fc.constantFrom('a', 'ü', 'a-'), { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))

export const operations: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      path,
      content: fc.constantFrom('', '1', '2', '3'),
      mode: fc.option(modes, { nil: undefined }),
      replace: fc.boolean(),
    }),
  },
  fc.record({
    kind: fc.constant('submodule' as const),
    path,
    commit: fc.constantFrom(...SUBMODULES),
    replace: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('setMode' as const), path, mode: modes }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), path, ifExists: fc.boolean() }) },
  fc.record({
    kind: fc.constant('deleteTree' as const),
    path: fc.oneof({ weight: 9, arbitrary: path }, fc.constant('')),
    ifExists: fc.boolean(),
  }),
  {
    weight: 4,
    arbitrary: fc
      .record({ kind: fc.constantFrom('move' as const, 'moveTree' as const), path, to: path, replace: fc.boolean() })
      .filter((move) => !`${move.to}/`.startsWith(`${move.path}/`)),
  },
)

/** What the operation asks of an edit. */
export function stage(edit: Edit, operation: Operation): void {
  const { kind, path } = operation
  switch (kind) {
    case 'put': {
      const { content, mode, replace } = operation
      edit.put(path, content, { replace, ...(mode === undefined ? {} : { mode }) })
      break
    }
    case 'submodule':
      edit.putSubmodule(path, operation.commit, operation)
      break
    case 'setMode':
      edit.setMode(path, operation.mode)
      break
    case 'delete':
    case 'deleteTree':
      edit[kind](path, operation)
      break
    case 'move':
    case 'moveTree':
      edit[kind](path, operation.to, operation)
  }
}

/** What the operation makes of the files; an error as the edit's commit throws it. */
export function apply(model: Model, operation: Operation): Model {
  const { kind, path } = operation
  const files = new Map(model)
  const own = files.get(path)
  const below = [...files.keys()].filter((key) => path === '' || key.startsWith(`${path}/`))
  const there = own !== undefined || below.length > 0
  switch (kind) {
    case 'put': {
      const mode = operation.mode ?? (own?.mode === Mode.executable ? Mode.executable : Mode.file)
      if (below.length > 0 && !operation.replace) throw fault('UnexpectedType')
      insert(files, path, { mode, content: operation.content }, operation.replace)
      break
    }
    case 'submodule':
      if (below.length > 0 && !operation.replace) throw fault('UnexpectedType')
      insert(files, path, { mode: Mode.gitlink, content: operation.commit }, operation.replace)
      break
    case 'setMode':
      if (!there) throw fault('PathNotFound')
      if (own === undefined || own.mode === Mode.gitlink) throw fault('UnexpectedType')
      files.set(path, { ...own, mode: operation.mode })
      break
    case 'delete':
      if (own === undefined && !operation.ifExists) throw fault(there ? 'UnexpectedType' : 'PathNotFound')
      files.delete(path)
      break
    case 'deleteTree':
      if (path !== '' && below.length === 0 && !operation.ifExists)
        throw fault(there ? 'UnexpectedType' : 'PathNotFound')
      for (const key of below) files.delete(key)
      break
    case 'move':
    case 'moveTree': {
      const { to, replace } = operation
      if (!there) throw fault('PathNotFound')
      if (kind === 'moveTree' && own !== undefined) throw fault('UnexpectedType')
      const taken = files.has(to) || [...files.keys()].some((key) => key.startsWith(`${to}/`))
      if (!replace && above(to).some((key) => files.has(key))) throw fault('UnexpectedType')
      if (!replace && taken) throw fault('TargetExists')
      const moved = own === undefined ? below : [path]
      const entries = moved.map((key) => [to + key.slice(path.length), files.get(key) as ModelFile] as const)
      for (const key of moved) files.delete(key)
      clear(files, to)
      for (const [key, file] of entries) insert(files, key, file, replace)
    }
  }
  return files
}

/** The operations without those that fail on what the ones before have left, and what all of them make of the files. */
export function applicable(start: Model, wanted: readonly Operation[]): { operations: Operation[]; model: Model } {
  const operations: Operation[] = []
  let model = start
  for (const operation of wanted) {
    try {
      model = apply(model, operation)
      operations.push(operation)
    } catch (error) {
      if (!(error instanceof GitError)) throw error
    }
  }
  return { operations, model }
}

const above = (path: string): string[] => {
  const names = path.split('/')
  return names.slice(0, -1).map((_name, index) => names.slice(0, index + 1).join('/'))
}

function insert(files: Map<string, ModelFile>, path: string, file: ModelFile, replace: boolean): void {
  for (const key of above(path)) {
    if (files.has(key) && !replace) throw fault('UnexpectedType')
    files.delete(key)
  }
  clear(files, path)
  files.set(path, file)
}

function clear(files: Map<string, ModelFile>, path: string): void {
  for (const key of files.keys()) if (key === path || key.startsWith(`${path}/`)) files.delete(key)
}

function fault(code: 'UnexpectedType' | 'PathNotFound' | 'TargetExists'): GitError {
  return new GitError(code, 'as the model says')
}
