import { GitError } from '../../format/errors.ts'

/** @throws GitError `Unsupported`: there is no disk. */
export async function checkout(): Promise<never> {
  throw new GitError('Unsupported', 'there is no disk here: read the files with `files` or `readBlob`')
}
