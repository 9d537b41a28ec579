import { isFile } from '../plan/file-identity.ts'
import type { FileReading } from '../plan/holdings.ts'
import type { Batch } from '../plan/window.ts'
import { editFile } from '../render/edit/file.ts'
import type { ObjectEdit } from '../render/edit/file.ts'
import { UnreadableYamlError } from '../render/edit/exact-yaml.ts'
import type { FolderView } from './folder-view.ts'
import { contentId, objectOf } from './member.ts'
import type { Member } from './member.ts'

/** A file after a commit, where it is not just as it is printed. */
interface Written {
  readonly oid: string
  readonly reading: FileReading
}

/**
 * Makes the files of one push, commit by commit. A file that is as the operator prints it, and stays so, is written without being read;
 * any other is read, and the object's part of it is edited.
 */
export class Composer {
  /** By path; undefined for files that are as they are printed, and for those that are gone. */
  readonly written = new Map<string, Written | undefined>()
  /** A file could not be read. */
  blocked = false
  readonly #member: Member
  readonly #folder: FolderView
  readonly #now = new Map<string, Uint8Array | null>()
  readonly #bases = new Map<string, Uint8Array | null>()

  constructor(member: Member, folder: FolderView) {
    this.#member = member
    this.#folder = folder
  }

  /** Reads what the batches need, in one request. */
  async prepare(batches: readonly Batch[]): Promise<void> {
    const objects = new Map<string, Set<string>>()
    const written = new Set<string>()
    for (const change of batches.flatMap(({ changes }) => changes)) {
      if (isFile(change.identity)) continue
      if (change.oid !== null) written.add(change.path)
      const known = objects.get(change.path)
      if (known === undefined) objects.set(change.path, new Set([objectOf(change)]))
      else known.add(objectOf(change))
    }
    const wanted = new Map<string, string>()
    for (const [path, keys] of objects) {
      if (!this.#needsBase(path, keys.size) || (!written.has(path) && this.#isEmptied(path, keys))) continue
      const oid = this.#folder.oidOf(path) ?? this.#member.holdings.at(path)
      if (oid === undefined) this.#bases.set(path, null)
      else wanted.set(path, oid)
    }
    if (wanted.size === 0) return
    const contents = await this.#folder.blobs([...new Set(wanted.values())])
    for (const [path, oid] of wanted) this.#bases.set(path, contents.get(oid) ?? null)
  }

  /** Nothing is left of a file without these objects. */
  #isEmptied(path: string, keys: ReadonlySet<string>): boolean {
    const documents = this.#member.holdings.readingAt(path)?.documents ?? []
    return documents.length > 0 && documents.every(({ key }) => key !== null && keys.has(key))
  }

  #needsBase(path: string, objects: number): boolean {
    const { desired, holdings, settings } = this.#member
    if (holdings.isOpaque(path)) return false
    if (holdings.at(path) !== undefined) return true
    const isMany = objects > 1 || desired.objectsAt(path).length > 1
    const isRead = settings.content?.inPlace !== false || settings.shared === true
    return isRead && (settings.shared === true || isMany)
  }

  /** Whether the object may be in the file. */
  holds(path: string, key: string): boolean {
    const reading = this.written.get(path)?.reading ?? this.#member.holdings.readingAt(path)
    if (this.#now.has(path) && this.written.get(path) === undefined) return this.#now.get(path) !== null
    return reading?.documents == null || reading.documents.some((document) => document.key === key)
  }

  /** The file goes, whatever it holds. */
  remove(path: string): void {
    this.written.set(path, undefined)
    this.#now.set(path, null)
  }

  /** @returns the file with these edits; null where it goes, undefined where it cannot be read and stays as it is */
  apply(path: string, edits: readonly ObjectEdit[]): Uint8Array | null | undefined {
    const base = this.#bases.get(path)
    let bytes: Uint8Array | null
    if (base === undefined) {
      bytes = edits.findLast(({ content }) => content !== null)?.content ?? null
      this.written.set(path, undefined)
    } else {
      const style = this.#member.settings.content ?? { format: 'YAML' }
      try {
        const edited = editFile(this.#now.get(path) ?? (this.#now.has(path) ? null : base), edits, style)
        bytes = edited.bytes
        this.written.set(path, bytes === null ? undefined : this.#unlessPlain(path, bytes, edited.reading))
      } catch (error) {
        if (!(error instanceof UnreadableYamlError)) throw error
        this.blocked = true
        return undefined
      }
    }
    this.#now.set(path, bytes)
    return bytes
  }

  #unlessPlain(path: string, bytes: Uint8Array, reading: FileReading): Written | undefined {
    const oid = contentId(bytes)
    return this.#member.desired.at(path)?.oid === oid ? undefined : { oid, reading }
  }
}
