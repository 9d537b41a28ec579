import { h } from 'hastscript'
import type { View } from '../audit-page.ts'
import { withMoves } from '../diff/moves.ts'
import { readFilter } from '../timeline/filter.ts'
import type { TimelineFilter } from '../timeline/filter.ts'
import { timelineOf } from '../timeline/timeline.ts'
import type { VisibleCommit } from '../timeline/visible.ts'
import { layout } from './layout.ts'
import {
  commitHref,
  counted,
  dayOf,
  fileOf,
  firstLine,
  safeHref,
  sentence,
  shortId,
  timeOf,
  WITHHELD,
} from './words.ts'
import type { Markup } from './words.ts'

/** Paths of a commit that are named; its own page has the others. */
const MAX_PATHS = 4

/** What was changed, newest first, across all that the viewer may see. */
export async function timelinePage({ viewer, gitsyncs, query, reading }: View): Promise<string> {
  const filter = readFilter(query)
  const cursor = query.get('from') ?? undefined
  const { commits, next, notes, looked, until } = await timelineOf(gitsyncs, filter, cursor, reading)
  const namespaces = [...new Set(gitsyncs.map(({ namespace }) => namespace))]
  const days = [...Map.groupBy(commits, ({ commit }) => dayOf(commit.committed))]
  return layout(
    { title: 'Timeline', viewer, path: '/timeline' },
    filterForm(filter, namespaces),
    ...notes.map((note) => h('p', { class: 'note' }, sentence(note))),
    commits.length > 0 ? null : h('p', { class: 'hint' }, nothing(looked, until, next !== undefined)),
    ...days.map(([day, found]) =>
      h('section', [h('h2', { class: 'day' }, day), h('ul', { class: 'commits' }, found.map(entry))]),
    ),
    next === undefined
      ? null
      : h('p', { class: 'next' }, h('a', { class: 'button', href: hrefOf(filter, next) }, 'Older changes')),
  )
}

function nothing(looked: number, until: number | undefined, isMore: boolean): string {
  if (looked === 0 && !isMore) return 'Nothing of what you may see is like that, or nothing has been changed yet.'
  if (!isMore) return 'Nothing of that kind.'
  const back = until === undefined ? '' : ` in ${counted(looked, 'commit', 'commits')}, back to ${dayOf(until)}`
  return `Nothing of that kind${back}; there may be older ones.`
}

function filterForm(filter: TimelineFilter, namespaces: readonly string[]): Markup {
  const field = (name: keyof TimelineFilter, label: string, properties: Record<string, string>): Markup =>
    h('div', [h('label', { for: name }, label), h('input', { id: name, name, value: filter[name], ...properties })])
  return h('form', { class: 'filter fields', role: 'search', method: 'get', action: '/timeline' }, [
    h('div', [
      h('label', { for: 'namespace' }, 'Namespace'),
      h('select', { id: 'namespace', name: 'namespace' }, [
        h('option', { value: '' }, 'all'),
        ...[...new Set([...namespaces, ...(filter.namespace === '' ? [] : [filter.namespace])])].map((namespace) =>
          h('option', { value: namespace, selected: namespace === filter.namespace }, namespace),
        ),
      ]),
    ]),
    field('kind', 'Kind', { placeholder: 'Deployment', autocomplete: 'off' }),
    field('author', 'Author', { placeholder: 'name or address', autocomplete: 'off' }),
    field('since', 'From', { type: 'date' }),
    field('until', 'Until', { type: 'date' }),
    h('button', { class: 'primary' }, 'Filter'),
    h('a', { href: '/timeline' }, 'Clear'),
  ])
}

function hrefOf(filter: TimelineFilter, next: string): string {
  const given = Object.entries(filter).filter(([, value]) => value !== '')
  return `/timeline?${String(new URLSearchParams([...given, ['from', next]]))}`
}

function entry(visible: VisibleCommit): Markup {
  const { commit, branch, gitsyncs, changes, count, message } = visible
  const href = safeHref(branch.pageOf(commit.oid))
  const files = withMoves(changes)
  const named = files.slice(0, MAX_PATHS)
  const more = count - changes.length + files.length - named.length
  return h('li', [
    h('h3', h('a', { href: commitHref(visible) }, message === undefined ? WITHHELD : firstLine(message))),
    h('p', { class: 'by' }, [
      h('span', { class: 'author' }, commit.author.name),
      ' ',
      timeOf(commit.author.time),
      ' · ',
      gitsyncs.map(({ namespace, name }) => `${namespace}/${name}`).join(', '),
      ' · ',
      h('code', shortId(commit.oid)),
      href === undefined ? null : [' · ', h('a', { href, rel: 'noreferrer' }, 'at the host')],
    ]),
    h('ul', { class: 'paths' }, [
      ...named.map((change) => h('li', fileOf(change))),
      more > 0 ? h('li', `and ${counted(more, 'file more', 'files more')}`) : null,
    ]),
  ])
}
