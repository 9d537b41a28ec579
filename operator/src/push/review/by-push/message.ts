import type { Person } from '../../../plan/person.ts'
import { addTrailers, TRAILERS, withoutTrailers } from '../../../render/trailers.ts'
import type { Staged } from '../../stage.ts'
import type { ProposedCommit } from './dialect.ts'
import { joinTrailers, trailersIn } from './trailers.ts'

const NOTHING = 'Nothing to review'

const STANDS = 'The cluster is as'

/** Whether a commit only says that nothing is proposed any more; not by its title alone, which people may give. */
export const isNothing = (message: string): boolean => message.startsWith(`${NOTHING}\n\n${STANDS} `)

/** Of a commit that holds no change, for a request that cannot be closed by a push. @param own trailers */
export const nothingMessage = (base: string, own: readonly string[]): string =>
  addTrailers(`${NOTHING}\n\n${STANDS} ${base} is: nothing is left of what this proposed. It can be closed.`, own)

/**
 * What the request says so far; '' where it is new, or somebody else has made its commit: on Gerrit whoever may upload patch
 * sets, and what they say of authors is not the operator's word.
 */
export const saidBefore = (open: ProposedCommit | undefined, committer: Person): string =>
  open?.committer.email === committer.email ? open.message : ''

/** Who made the changes that a message stands for. */
const authorsIn = (message: string): Person[] =>
  trailersIn(message).flatMap((line) => {
    const [, name, email] = /^Co-authored-by: (.+) <([^<>]*)>$/.exec(line) ?? []
    return name === undefined || email === undefined ? [] : [{ name, email }]
  })

/** Everybody who made what is proposed: as the request says it so far, and what was staged now; the committer is nobody. */
export function authorsOf(before: string, staged: readonly Staged[], committer: Person): Person[] {
  const all = [...authorsIn(before), ...staged.flatMap(({ plan }) => plan.commits.map(({ author }) => author))]
  const people = new Map(all.map((author) => [author.email, author]))
  people.delete(committer.email)
  return [...people.values()]
}

const plain = (text: string): string => text.replaceAll(/[\p{Cc}\s<>]+/gu, ' ').trim()

export interface ProposalText {
  readonly title: string
  readonly text: string
  /** See {@link saidBefore}. */
  readonly before: string
  readonly staged: readonly Staged[]
  readonly authors: readonly Person[]
  /** Trailers by which the request is known again. */
  readonly own: readonly string[]
}

/** The message of the one commit that a request is: its title and text, who made the changes, and what their commits say. */
export function proposalMessage({ title, text, before, staged, authors, own }: ProposalText): string {
  const names = ['Co-authored-by', ...own.map((line) => line.slice(0, line.indexOf(':')))]
  const shown = withoutTrailers(text, [...TRAILERS, ...names])
  const messages = staged.flatMap(({ plan }) => plan.commits.map(({ message }) => message))
  const said = joinTrailers([before, ...messages], names)
  const people = authors.map(({ name, email }) => `Co-authored-by: ${plain(name)} <${plain(email)}>`)
  return addTrailers(`${title}\n\n${shown}`, [...said, ...people, ...own])
}
