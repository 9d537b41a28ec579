import type { Grafana } from '../../grafana/grafana.ts'
import type { Made } from '../../push/object-changes.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { FedText, FeedHandler } from './feed.ts'

/** What a Grafana is asked with, at one time. */
export interface Asked {
  readonly grafana: Grafana
  /** Those that are selected: with `folder` this one and all below it. */
  readonly folders: FolderTree
  /** The same, read once more: what was made meanwhile is in them. Undefined where the folder that is named is gone. */
  foldersNow(): Promise<FolderTree | undefined>
  /** What this Grafana had of another sort is there: it is no other one. */
  readonly isSame: boolean
}

/** What a Grafana has of one sort, found out from time to time. */
export interface Look {
  /** How many there are, as far as it is known. */
  readonly size: number
  /** Tells what is there, has changed and is gone. @throws ForgeError, PushFailure */
  look(asked: Asked, handler: FeedHandler): Promise<void>
  /** One that it has not told, or told to be gone: whether that is so. @throws ForgeError */
  isGone(key: string, asked: Asked): Promise<boolean>
  /** One as it is now; undefined where it is not there, or is not read so. @throws ForgeError */
  read(key: string, asked: Pick<Asked, 'grafana'>): Promise<FedText | undefined>
}

/** Grafana does not say who did something that is no save. */
const unseen = (what: string): Made => ({ origin: { by: `unknown (${what} in Grafana)`, via: 'Grafana' } })
export const DELETED = unseen('deleted')
export const TAKEN_OUT = unseen('moved or untagged')
export const MOVED = unseen('moved')
export const CHANGED = unseen('changed')
