import { createHash } from 'node:crypto'

/** Id of a content as a Git blob (SHA-1). */
export function contentId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}
