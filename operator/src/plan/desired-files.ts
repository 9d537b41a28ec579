import type { ObjectIdentity } from '../objects/object.ts'

/** What one object makes in the folder. */
export interface DesiredFile {
  /** See `identityKey`. */
  readonly key: string
  readonly identity: ObjectIdentity
  /** Below the GitSync's folder. */
  readonly path: string
  /** Id of the content, as a Git blob, that the object has in a file of its own. */
  readonly oid: string
  /** It is never edited: as a whole it is valid, in parts it is not. */
  readonly isWhole?: boolean
  /**
   * It is no manifest: nobody looks into it, no other object is in it, and it is where its object says, whoever has moved it.
   * Written and removed as a whole.
   */
  readonly isOpaque?: boolean
  /** What people call it, where that is not the name of the object. */
  readonly title?: string
  /** What its readers know it by: two files with one are one to them. */
  readonly uid?: string | undefined
  /** Newest time in the object's record of writes, to tell a later write from it. */
  readonly newest?: string | undefined
  /** Where each author has a branch: who changed the object last, see `branchPart`. */
  readonly owner?: string | undefined
  /** resourceVersion at which the object was seen last, to tell a stamp of a later write from an older one. */
  readonly version?: string | undefined
}

export interface Placing {
  /** Whether several objects may be in one file. Default false: a path that two objects want is written by neither. */
  readonly shared?: boolean
  /** Whether an object stays in its file when the layout would put it elsewhere. Default false. */
  readonly stays?: boolean
}

/**
 * What a GitSync wants in its folder: object → path and content id, and back. Contents are elsewhere; at rest only ids
 * are kept. An object's place is where the layout puts it, or where it was found.
 */
export class DesiredFiles {
  placing: Placing
  readonly #byKey = new Map<string, DesiredFile>()
  /** One object, or several that have the same path. */
  readonly #byPath = new Map<string, DesiredFile | Map<string, DesiredFile>>()
  readonly #crowded = new Set<string>()
  /** Where the layout puts objects that are elsewhere. */
  readonly #homes = new Map<string, string>()
  /** Objects whose file nobody looks into, by path. */
  readonly #opaque = new Map<string, Set<string>>()
  /** The same objects by what their readers know them by. */
  readonly #uids = new Map<string, Set<string>>()

  constructor(placing: Placing = {}) {
    this.placing = placing
  }

  /** Objects that can be written. */
  get size(): number {
    let conflicted = 0
    for (const { objects } of this.conflicts()) conflicted += objects.length
    return this.#byKey.size - conflicted
  }

  /** Paths that more than one object wants, where each needs one of its own; with these objects. */
  *conflicts(): Generator<{ readonly path: string; readonly objects: readonly ObjectIdentity[] }> {
    for (const path of this.#crowded) {
      const files = this.objectsAt(path).filter(({ key }) => !this.isWritable(key))
      if (files.length > 0) yield { path, objects: files.map(({ identity }) => identity) }
    }
  }

  get hasConflicts(): boolean {
    return this.conflicts().next().done !== true
  }

  /** The file of an object, whether or not another object wants its path. */
  ofObject(key: string): DesiredFile | undefined {
    return this.#byKey.get(key)
  }

  /** Where the layout puts the object, wherever it is. */
  homeOf(file: DesiredFile): string {
    return this.#homes.get(file.key) ?? file.path
  }

  /** False where another object wants the path, and each needs one of its own. */
  isWritable(key: string): boolean {
    const file = this.#byKey.get(key)
    if (file === undefined) return false
    const there = this.#byPath.get(file.path)
    if (!(there instanceof Map)) return true
    if (this.#opaque.has(file.path)) return false
    if (this.placing.shared === true || this.#homes.has(key)) return true
    // Objects that were found in a file of another are no reason for a conflict.
    let atHome = 0
    for (const each of there.keys()) if (!this.#homes.has(each)) atHome++
    return atHome < 2
  }

  /** The object at a path; undefined where there are none or several. */
  at(path: string): DesiredFile | undefined {
    const file = this.#byPath.get(path)
    return file instanceof Map ? undefined : file
  }

  /** Every object at a path. */
  objectsAt(path: string): readonly DesiredFile[] {
    const file = this.#byPath.get(path)
    if (file === undefined) return []
    return file instanceof Map ? [...file.values()] : [file]
  }

  isWanted(path: string): boolean {
    return this.#byPath.has(path)
  }

  /** Every object that can be written. */
  *files(): Generator<DesiredFile> {
    for (const file of this.#byPath.values()) {
      if (!(file instanceof Map)) yield file
      else for (const each of file.values()) if (this.isWritable(each.key)) yield each
    }
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys()
  }

  /**
   * @param file `path`: where the layout puts it
   * @returns the paths whose content may have changed: none when the object's file is as it was
   */
  set(file: DesiredFile): string[] {
    const before = this.#byKey.get(file.key)
    const isElsewhere = this.#homes.has(file.key)
    const mayStay = before !== undefined && file.isOpaque !== true && before.isOpaque !== true
    const isKept = mayStay && (isElsewhere || (this.placing.stays === true && this.isWritable(file.key)))
    const path = isKept ? before.path : file.path
    if (path === file.path) this.#homes.delete(file.key)
    else this.#homes.set(file.key, file.path)
    return this.#put({ ...file, path })
  }

  /**
   * Where the object was found.
   * @returns as {@link DesiredFiles.set}
   */
  place(key: string, path: string): string[] {
    const file = this.#byKey.get(key)
    if (file === undefined || file.path === path) return []
    const home = this.homeOf(file)
    if (path === home) this.#homes.delete(key)
    else this.#homes.set(key, home)
    return this.#put({ ...file, path })
  }

  #put(file: DesiredFile): string[] {
    const before = this.#byKey.get(file.key)
    this.#byKey.set(file.key, file)
    if (before !== undefined) this.#unmark(before)
    if (file.isOpaque === true) this.#mark(file)
    if (before?.path === file.path) {
      this.#attach(file)
      return before.oid === file.oid ? [] : [file.path]
    }
    const freed = before === undefined ? [] : this.#detach(before)
    this.#attach(file)
    return [...freed, file.path]
  }

  /** @returns as {@link DesiredFiles.set} */
  delete(key: string): string[] {
    const file = this.#byKey.get(key)
    if (file === undefined) return []
    this.#byKey.delete(key)
    this.#homes.delete(key)
    this.#unmark(file)
    return this.#detach(file)
  }

  /** Keys of the other objects whose files have the same uid. */
  sharingUid({ key, uid }: DesiredFile): readonly string[] {
    return uid === undefined ? [] : [...(this.#uids.get(uid) ?? [])].filter((other) => other !== key)
  }

  #mark({ path, key, uid }: DesiredFile): void {
    addTo(this.#opaque, path, key)
    if (uid !== undefined) addTo(this.#uids, uid, key)
  }

  #unmark({ path, key, uid }: DesiredFile): void {
    removeFrom(this.#opaque, path, key)
    if (uid !== undefined) removeFrom(this.#uids, uid, key)
  }

  #attach(file: DesiredFile): void {
    const there = this.#byPath.get(file.path)
    if (there === undefined || (!(there instanceof Map) && there.key === file.key)) this.#byPath.set(file.path, file)
    else if (there instanceof Map) there.set(file.key, file)
    else {
      this.#byPath.set(file.path, new Map([there, file].map((each) => [each.key, each])))
      this.#crowded.add(file.path)
    }
  }

  #detach(file: DesiredFile): string[] {
    const there = this.#byPath.get(file.path)
    if (!(there instanceof Map)) {
      this.#byPath.delete(file.path)
      return [file.path]
    }
    there.delete(file.key)
    const [last] = there.values()
    if (there.size === 1 && last !== undefined) {
      this.#byPath.set(file.path, last)
      this.#crowded.delete(file.path)
    }
    return [file.path]
  }
}

function addTo(sets: Map<string, Set<string>>, name: string, key: string): void {
  const known = sets.get(name)
  if (known === undefined) sets.set(name, new Set([key]))
  else known.add(key)
}

function removeFrom(sets: Map<string, Set<string>>, name: string, key: string): void {
  const known = sets.get(name)
  known?.delete(key)
  if (known?.size === 0) sets.delete(name)
}
