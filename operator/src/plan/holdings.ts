import { identityKey } from '../objects/object.ts'
import type { ObjectIdentity } from '../objects/object.ts'
import type { RemoteFile } from './compare.ts'

/** One document of a file in Git. */
export interface HeldDocument {
  /** See `identityKey`; null for what is no Kubernetes object. */
  readonly key: string | null
  readonly identity: ObjectIdentity | null
  /** Id of the content that the object in it would have in a file of its own. */
  readonly oid: string
}

/** What a file in Git holds, or why that cannot be told. */
export type FileReading =
  | { readonly documents: readonly HeldDocument[] }
  | { readonly documents: null; readonly problem: string }

/** Files of others that are remembered, so that a folder that has not changed costs no reading. */
const MAX_OTHERS = 20_000

/**
 * What is known of files in Git that are not just what the operator prints of one object: with comments of people, with
 * several objects, at another place. Nothing is remembered of the others, and nothing is lost when this is.
 */
export class Holdings {
  readonly #opaqueAt: (path: string) => ObjectIdentity | undefined
  /** By content id. */
  readonly #readings = new Map<string, FileReading>()
  /** Content ids by path, of files that objects are in. */
  readonly #own = new Map<string, string>()
  /** Content ids by path, of the other files. */
  #others = new Map<string, string>()

  /** @param opaqueAt whose file is at a path where nobody looks into it; see `DesiredFile.isOpaque` */
  constructor(opaqueAt: (path: string) => ObjectIdentity | undefined = () => undefined) {
    this.#opaqueAt = opaqueAt
  }

  /** Whether the file at a path is never looked into. */
  isOpaque(path: string): boolean {
    return this.#opaqueAt(path) !== undefined
  }

  /** Where a file is says more than its content only of those that are never looked into. */
  readingOf({ path, oid }: RemoteFile): FileReading | undefined {
    const identity = this.#opaqueAt(path)
    if (identity === undefined) return this.#readings.get(oid)
    return { documents: [{ key: identityKey(identity), identity, oid }] }
  }

  learn(oid: string, reading: FileReading): void {
    this.#readings.set(oid, reading)
  }

  /** Content id of a file that is not plain; undefined for those that are as they are printed. */
  at(path: string): string | undefined {
    return this.#own.get(path) ?? this.#others.get(path)
  }

  /** What the file at a path holds, where that is not just one object as it is printed. */
  readingAt(path: string): FileReading | undefined {
    const oid = this.at(path)
    return oid === undefined ? undefined : this.readingOf({ path, oid })
  }

  /** A file was written. @param oid undefined where it is as it is printed, or gone */
  wrote(path: string, oid: string | undefined): void {
    this.#others.delete(path)
    if (oid === undefined) this.#own.delete(path)
    else this.#own.set(path, oid)
  }

  /** The folder was looked through: these files are not plain. */
  found(own: readonly RemoteFile[], others: readonly RemoteFile[]): void {
    this.#own.clear()
    for (const { path, oid } of own) this.#own.set(path, oid)
    this.#others = new Map(others.slice(0, MAX_OTHERS).map(({ path, oid }) => [path, oid]))
    this.keepOnly([...own, ...others])
  }

  /** Forgets what other files hold. */
  keepOnly(files: readonly RemoteFile[]): void {
    const there = new Set(files.map(({ oid }) => oid))
    for (const oid of this.#readings.keys()) if (!there.has(oid)) this.#readings.delete(oid)
  }

  /** Content is to be judged by other rules: everything has to be read again. */
  forget(): void {
    this.#readings.clear()
    this.#own.clear()
    this.#others.clear()
  }

  /** Every file that is not plain. */
  *files(): Generator<RemoteFile> {
    for (const [path, oid] of this.#others) yield { path, oid }
    for (const [path, oid] of this.#own) yield { path, oid }
  }
}

/** Stands for one object in a file: what an inventory says of files that hold several. */
export const documentId = (path: string, key: string): string => `${path}\0${key}`
