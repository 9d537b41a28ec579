import { isGitError } from '@gitsync/protocol'
import type { Repository } from '@gitsync/protocol'
import { settingsOf } from '../review-round.ts'
import type { ReviewRound } from '../review-round.ts'
import { changeIdOf, firstChangeId, nextChangeId } from './change-id.ts'
import type { Dialect, SeenRequest } from './dialect.ts'
import { readProposed } from './read-proposed.ts'
import { OWNER, ownerOf, trailerOf } from './trailers.ts'

const PAGE = /https?:\/\/[^\s]{1,2000}\/\+\/(\d{1,9})\b/
/** Commits of the base, or of what Gerrit writes of a change, that are looked through. */
const MAX_COMMITS = 1_024
const STATES = { new: 'Open', merged: 'Merged', abandoned: 'Closed' } as const

/**
 * Gerrit: a push makes a change, or a patch set of the one whose `Change-Id` the commit has. What became of a change is in
 * Git beside its patch sets.
 *
 * Source: Gerrit's documentation, "Uploading Changes" and "NoteDb Backend".
 */
export function gerrit(): Dialect {
  /** Of the next push. */
  let id: string | undefined
  /** Of changes that are over. */
  const over = new Set<string>()
  let state: { readonly meta: string; readonly state: SeenRequest['state'] } | undefined

  const beyond = (last: string): string => {
    over.add(last)
    let next = nextChangeId(last)
    while (over.has(next)) next = nextChangeId(next)
    return next
  }

  return {
    async look(repository, { number, url }, known) {
      const prefix = `refs/changes/${String(number % 100).padStart(2, '0')}/${number}/`
      const refs = await repository.refs({ prefix })
      const oidOf = (name: string): string | undefined =>
        refs.find((ref) => ref.name === prefix + name)?.oid ?? undefined
      const sets = refs.map(({ name }) => name.slice(prefix.length)).filter((name) => /^\d{1,9}$/.test(name))
      const newest = oidOf(String(sets.reduce((highest, name) => Math.max(highest, Number(name)), 0)))
      if (newest === undefined) return undefined
      const meta = oidOf('meta')
      if (meta !== undefined && state?.meta !== meta) state = { meta, state: await stateIn(repository, meta) }
      const commit = await readProposed(repository, newest, known)
      const seen = { number, url, state: state?.state ?? 'Open', commit }
      const own = changeIdOf(commit.message)
      if (own !== undefined) id = seen.state === 'Open' ? own : beyond(own)
      return seen
    },

    async identity(round, head, base) {
      id ??= await findId(round, head, base)
      return [`Change-Id: ${id}`]
    },

    pushOptions({ head, settings: { labels, reviewers, draft }, open, isNothing }) {
      const options = [`topic=${head}`]
      if (isNothing) return [...options, 'wip']
      // What was put aside because nothing was left of it is to be looked at again.
      if (open !== undefined) return draft ? options : [...options, 'ready']
      options.push(...labels.map((label) => `hashtag=${label}`))
      options.push(...reviewers.map((reviewer) => `r=${reviewer.replace(/^team:/, '')}`))
      return [...options, draft ? 'wip' : 'ready']
    },

    answer({ messages }) {
      const [url, number] = PAGE.exec(messages.join('\n')) ?? []
      return number === undefined ? undefined : { number: Number(number), url }
    },

    outgrows(refusal) {
      if (id === undefined || !/\bchange \S+ closed\b/.test(refusal)) return false
      id = beyond(id)
      return true
    },
  }
}

/** What Gerrit has last written of the change's state. */
async function stateIn(repository: Repository, meta: string): Promise<SeenRequest['state']> {
  try {
    for await (const { message } of repository.history(meta, { limit: MAX_COMMITS })) {
      const said = trailerOf(message, 'Status')
      if (said !== undefined) return STATES[said as keyof typeof STATES] ?? 'Open'
    }
  } catch (error) {
    // Who may see a change but not this takes it for open: a push to one that is not says so.
    if (!isGitError(error, 'RefNotFound', 'Forbidden', 'ObjectMissing')) throw error
  }
  return 'Open'
}

/** After the last change of this head that the base has; else the first. */
async function findId({ repository, members }: ReviewRound, head: string, base: string): Promise<string> {
  const owner = ownerOf(members[0]?.settings.claim.cluster ?? '', head)
  for await (const { message } of repository.history(base, { limit: MAX_COMMITS })) {
    const last = trailerOf(message, OWNER) === owner ? changeIdOf(message) : undefined
    if (last !== undefined) return nextChangeId(last)
  }
  return firstChangeId(owner, settingsOf({ members }).base)
}
