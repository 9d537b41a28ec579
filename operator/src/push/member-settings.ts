import type { GroupKind, ObjectIdentity } from '../objects/object.ts'
import type { Claim } from '../plan/claim.ts'
import type { DesiredFile } from '../plan/desired-files.ts'
import type { Inventory } from '../plan/inventory.ts'
import type { Person } from '../plan/person.ts'
import type { Trailer } from '../render/trailers.ts'
import type { WindowOptions } from '../plan/window.ts'
import type { FileStyle } from '../render/edit/file.ts'
import type { ReviewSettings } from './review/review-settings.ts'

/** What a GitSync asks for, as far as writing is concerned. */
export interface MemberSettings {
  /** The folder, `.` for the root. */
  readonly path: string
  readonly claim: Claim
  /** Whose claim may be replaced. */
  readonly takeOver?: string | undefined
  /** Which deletion is confirmed. */
  readonly confirmDeletion?: string | undefined
  /** Which overwriting of foreign edits is confirmed. */
  readonly confirmOverwrite?: string | undefined
  /** Beginning of the commit that may be missing from the branch's history. */
  readonly acceptHistory?: string | undefined
  readonly prune: 'Owned' | 'Observed' | 'Never' | 'Always'
  /** Every file of the member goes, and nothing is written any more. Default false. */
  readonly isLeaving?: boolean
  /** Default Overwrite. */
  readonly onDrift?: 'Overwrite' | 'Adopt' | 'Stall'
  /** Of changes that nobody else signs. */
  readonly author: Person
  readonly committer: Person
  readonly message?: string | undefined
  /** A commit for each object that changes. Default false. */
  readonly perObject?: boolean | undefined
  /** Default: none. */
  readonly trailers?: readonly Trailer[] | undefined
  /** At the end of the first line of each message. */
  readonly skipCI?: string | undefined
  readonly window: WindowOptions
  /** Milliseconds between comparisons when nothing changes. */
  readonly interval: number
  /** Bytes of one push. Default: as many as one commit may have. */
  readonly maxPushBytes?: number | undefined
  /** How files are written, and read again. Default: YAML, edited in place, a file for each object. */
  readonly content?: FileStyle
  /** Whether several objects may be in one file. Default false. */
  readonly shared?: boolean
  /** Whether each folder has a list of its files for kustomize. Default false. */
  readonly kustomization?: boolean
  /** Push options that go with each push. */
  readonly pushOptions?: readonly string[] | undefined
  /** What is written is reviewed before it counts. Default: it is not. */
  readonly review?: ReviewSettings | undefined
}

/** What a member needs of the cluster. */
export interface ClusterPort {
  /** Whether every selected kind has been listed, or is known not to be listable for now. */
  listed(): boolean
  /** Reads objects again and renders them; objects that are gone are left out. */
  reread(files: readonly DesiredFile[]): Promise<ReadonlyMap<string, RenderedFile>>
  /** Whether everything that is selected can be read, and has been: only then it is known what does not belong into the folder. */
  complete(): boolean
  /** Whether the object's kind is selected, allowed and completely listed: only then an absent object means something. */
  knows(identity: ObjectIdentity): boolean
  /** Whether the API server serves the kind, and its definition is not going away. */
  isServed(kind: GroupKind): Promise<boolean>
  /**
   * Whether a file stays as it is, since its object is there and somebody wrote it last whose writes are not recorded, or
   * what the object wants is not known yet.
   */
  leavesAlone?(identity: ObjectIdentity): boolean
  /** Asks the API server: the kind is served, its definition is not going away, and the object is not there. */
  isGone(identity: ObjectIdentity): Promise<boolean>
  saveInventory(inventory: Inventory): Promise<void>
}

export interface RenderedFile {
  readonly file: DesiredFile
  readonly bytes: Uint8Array
}
