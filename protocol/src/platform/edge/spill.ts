import { GitError } from '../../format/errors.ts'
import type { Spill } from '../../format/spill.ts'

/** There is no disk: what would go there exceeds what can be held. */
export function temporarySpill(): Spill {
  return {
    append: () =>
      Promise.reject(
        new GitError('LimitExceeded', 'more would have to be held than may be: there is no disk to put it on'),
      ),
    read: () => Promise.reject(new RangeError('nothing was put there')),
    close: () => Promise.resolve(),
  }
}
