import { typeOfHost } from '../../../api/known-hosts.ts'
import { repositoryAddress } from '../../../plan/repository-address.ts'
import type { OpenReview } from '../review.ts'
import type { ReviewSettings } from '../review-settings.ts'
import { agit } from './agit.ts'
import type { Dialect } from './dialect.ts'
import { gerrit } from './gerrit.ts'
import { PushedHead } from './pushed-head.ts'
import { PushedReview } from './pushed-review.ts'

const DIALECTS: Readonly<Record<string, { readonly name: string; readonly speak: () => Dialect }>> = {
  Gitea: { name: 'AGit', speak: () => agit },
  Forgejo: { name: 'AGit', speak: () => agit },
  Gerrit: { name: 'Gerrit', speak: gerrit },
}

/** A head that is pushed to `refs/for/…`. */
export interface ByPush {
  /** Of what the host speaks. */
  readonly name: string
  readonly open: OpenReview
}

/** Undefined where the head is a branch. */
export function byPush(url: string, { via, hostType, base }: ReviewSettings): ByPush | undefined {
  const dialect = via === 'PushOptions' ? DIALECTS[hostType ?? typeOfHost(repositoryAddress(url).hostname)] : undefined
  if (dialect === undefined) return undefined
  return {
    name: dialect.name,
    open(options) {
      const spoken = dialect.speak()
      const head = new PushedHead(options.branch, base, spoken)
      return { head, review: new PushedReview({ ...options, head, dialect: spoken }) }
    },
  }
}
