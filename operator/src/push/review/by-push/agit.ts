import { ForgeError } from '../../../forge/forge-error.ts'
import { draftTitle } from '../../../forge/draft-title.ts'
import { readProposed } from './read-proposed.ts'
import type { Dialect } from './dialect.ts'

/** Characters of one push option. */
const MAX_OPTION = 1_024
const PAGE = /https?:\/\/[^\s]{1,2000}\/pulls\/(\d{1,9})\b/

/**
 * AGit, as Gitea and Forgejo speak it: one open request for each account, topic and base. A push for a topic that has none
 * opens one, with title and text of the commit. Whether people have closed a request does not show in Git.
 *
 * Source: docs.gitea.com, "AGit"; forgejo.org/docs, "AGit workflow".
 */
export const agit: Dialect = {
  async look(repository, { number, url, state }, known) {
    if (state !== 'Open') return undefined
    const ref = `refs/pull/${number}/head`
    const found = (await repository.refs({ prefix: ref })).find(({ name }) => name === ref)
    if (found?.oid === undefined || found.oid === null) return undefined
    return { number, url, state, commit: await readProposed(repository, found.oid, known) }
  },

  identity: () => Promise.resolve([]),

  pushOptions({ head, settings, title, open, isNothing }) {
    const { labels, reviewers, draft } = settings
    for (const [field, values] of Object.entries({ labels, reviewers })) {
      if (values.length === 0) continue
      throw new ForgeError(
        'InvalidInput',
        `push.pullRequest.${field} ${values.join(', ')}: a push tells Gitea and Forgejo of none: leave ${field} out, or set push.pullRequest.via to API`,
      )
    }
    // Every commit takes the place of the one before.
    const options = [`topic=${head}`, 'force-push=true']
    if (draft && open === undefined && !isNothing)
      options.push(`title=${draftTitle('WIP: ', title, true)}`.slice(0, MAX_OPTION).toWellFormed())
    return options
  },

  answer({ messages, options: { refName } }) {
    const [url, shown] = PAGE.exec(messages.join('\n')) ?? []
    const number = /^refs\/pull\/(\d{1,9})\/head$/.exec(refName ?? '')?.[1] ?? shown
    return number === undefined ? undefined : { number: Number(number), url: number === shown ? url : undefined }
  },

  outgrows: () => false,
}
