import { h } from 'hastscript'
import type { LoggedChange } from '../remote/logged-commit.ts'
import type { VisibleCommit } from '../timeline/visible.ts'

/** An element, as {@link h} makes it. */
export type Markup = ReturnType<typeof h>

/** A time for people and programs, in UTC. */
export function timeOf(time: number): Markup {
  const text = new Date(time).toISOString()
  return h('time', { datetime: text, title: text }, `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`)
}

/** As short as people copy it. */
export const shortId = (oid: string): string => oid.slice(0, 10)

/** A message, as people end it. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

export const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/** A URL of a commit's page at its host; undefined for what a browser should not open. */
export function safeHref(url: string | undefined): string | undefined {
  const parsed = url === undefined ? null : URL.parse(url)
  return parsed !== null && (parsed.protocol === 'https:' || parsed.protocol === 'http:') && parsed.username === ''
    ? parsed.href
    : undefined
}

/** In place of a message that may be about what the viewer may not see. */
export const WITHHELD = 'A change with a message that is not shown'

const MAX_TITLE = 200

export function firstLine(message: string): string {
  const [line = ''] = message.trimStart().split('\n')
  const text = line.trim() || 'A change without a message'
  return text.length > MAX_TITLE ? `${text.slice(0, MAX_TITLE)}…` : text
}

/** A message behind its first line. */
export const restOf = (message: string): string => message.trimStart().split('\n').slice(1).join('\n').trim()

/** In UTC. */
export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

/** The page of a commit. */
export function commitHref({ commit, gitsyncs: [first] }: Pick<VisibleCommit, 'commit' | 'gitsyncs'>): string {
  const gitsync = `${first?.namespace ?? ''}/${first?.name ?? ''}`
  return `/commit?${String(new URLSearchParams({ gitsync, id: commit.oid }))}`
}

const MARKS: Readonly<Record<string, readonly [word: string, mark: string]>> = {
  A: ['added', 'good'],
  D: ['deleted', 'bad'],
  R: ['moved', 'plain'],
}

/** What was done to which file. */
export function fileOf({ status, path, oldPath }: LoggedChange): (Markup | string)[] {
  const [word, kind] = MARKS[status] ?? ['changed', 'plain']
  const from = oldPath === undefined ? [] : [h('code', oldPath), ' → ']
  return [h('span', { class: `mark small ${kind}` }, word), ' ', ...from, h('code', path)]
}
