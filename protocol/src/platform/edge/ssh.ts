import { GitError } from '../../format/errors.ts'

/** There are no connections but those of `fetch`. */
export class SshConnection {
  /** @throws GitError `Unsupported` */
  run(): Promise<never> {
    return Promise.reject(new GitError('Unsupported', 'there is no SSH here: use the https:// address'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
