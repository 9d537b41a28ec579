import type { ObjectIdentity } from '../objects/object.ts'

/** The file that one object makes. */
export interface DesiredFile {
  /** See `identityKey`. */
  readonly key: string
  readonly identity: ObjectIdentity
  /** Below the GitSync's folder. */
  readonly path: string
  /** Id of the file's content as a Git blob. */
  readonly oid: string
  /** Newest time in the object's record of writes, to tell a later write from it. */
  readonly newest?: string | undefined
  /** resourceVersion at which the object was seen last, to tell a stamp of a later write from an older one. */
  readonly version?: string | undefined
}

/**
 * What a GitSync wants in its folder: object → path and content id, and back. Contents are elsewhere; at rest only ids
 * are kept. A path that two objects want is written by neither, until one of them lets go.
 */
export class DesiredFiles {
  readonly #byKey = new Map<string, DesiredFile>()
  /** One file, or several that want the same path. */
  readonly #byPath = new Map<string, DesiredFile | Map<string, DesiredFile>>()
  readonly #conflicts = new Set<string>()

  get size(): number {
    return this.#byKey.size - this.#conflicted()
  }

  /** Paths that more than one object wants, with these objects. */
  *conflicts(): Generator<{ readonly path: string; readonly objects: readonly ObjectIdentity[] }> {
    for (const path of this.#conflicts) {
      const files = this.#byPath.get(path)
      if (files instanceof Map) yield { path, objects: [...files.values()].map(({ identity }) => identity) }
    }
  }

  get hasConflicts(): boolean {
    return this.#conflicts.size > 0
  }

  /** The file of an object, whether or not another object wants its path. */
  ofObject(key: string): DesiredFile | undefined {
    return this.#byKey.get(key)
  }

  /** The file at a path; undefined where nothing, or more than one object, wants it. */
  at(path: string): DesiredFile | undefined {
    const file = this.#byPath.get(path)
    return file instanceof Map ? undefined : file
  }

  isWanted(path: string): boolean {
    return this.#byPath.has(path)
  }

  /** Every file that can be written. */
  *files(): Generator<DesiredFile> {
    for (const file of this.#byPath.values()) if (!(file instanceof Map)) yield file
  }

  keys(): IterableIterator<string> {
    return this.#byKey.keys()
  }

  /** @returns the paths whose content may have changed: none when the object's file is as it was */
  set(file: DesiredFile): string[] {
    const before = this.#byKey.get(file.key)
    if (before?.path === file.path && before.oid === file.oid) {
      this.#byKey.set(file.key, file)
      const there = this.#byPath.get(file.path)
      if (there instanceof Map) there.set(file.key, file)
      else this.#byPath.set(file.path, file)
      return []
    }
    const freed = before !== undefined && before.path !== file.path ? this.#detach(before) : []
    this.#byKey.set(file.key, file)
    this.#attach(file)
    return [...freed, file.path]
  }

  /** @returns as {@link DesiredFiles.set} */
  delete(key: string): string[] {
    const file = this.#byKey.get(key)
    if (file === undefined) return []
    this.#byKey.delete(key)
    return this.#detach(file)
  }

  #attach(file: DesiredFile): void {
    const there = this.#byPath.get(file.path)
    if (there === undefined || (!(there instanceof Map) && there.key === file.key)) this.#byPath.set(file.path, file)
    else if (there instanceof Map) there.set(file.key, file)
    else {
      this.#byPath.set(file.path, new Map([there, file].map((each) => [each.key, each])))
      this.#conflicts.add(file.path)
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
      this.#conflicts.delete(file.path)
    }
    return [file.path]
  }

  #conflicted(): number {
    let count = 0
    for (const path of this.#conflicts) {
      const files = this.#byPath.get(path)
      if (files instanceof Map) count += files.size
    }
    return count
  }
}
