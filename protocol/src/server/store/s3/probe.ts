import { GitError } from '../../../format/errors.ts'
import type { Bucket } from './bucket.ts'

/** Stays in the bucket: to remove it would be one permission more. */
const KEY = 'probe'
/** An ETag that no value has. */
const NEVER = '"00000000000000000000000000000000"'

/**
 * Asks the bucket for what all rests on: a value is not written where there is one, and not replaced where it is another one.
 * @throws GitError `Unsupported` where it writes all the same; as the bucket's errors are where it cannot be asked
 */
export async function probe(bucket: Bucket): Promise<void> {
  // Who may not list is told of what is missing that it is forbidden.
  await bucket.get('nothing')
  const isFirst = (await bucket.put(KEY, 'Written to see whether conditions hold.\n', { isNew: true })) !== undefined
  if (!isFirst && (await bucket.get(KEY)) === undefined) throw unsupported('If-None-Match: *')
  if ((await bucket.put(KEY, 'Written over: If-None-Match does not hold.\n', { isNew: true })) !== undefined)
    throw unsupported('If-None-Match: *')
  if ((await bucket.put(KEY, 'Written over: If-Match does not hold.\n', { etag: NEVER })) !== undefined)
    throw unsupported('If-Match')
}

const unsupported = (condition: string): GitError =>
  new GitError(
    'Unsupported',
    `the bucket's server writes against the condition ${condition}: two who push at once would undo each other. AWS S3, MinIO and versitygw hold to it`,
  )
