import { h } from 'hastscript'
import type { Child } from 'hastscript'
import type { View } from '../audit-page.ts'
import type { AuditedGitSync } from '../audited.ts'
import { layout } from './layout.ts'
import { counted, safeHref, shortId, timeOf } from './words.ts'
import type { Markup } from './words.ts'

/** GitSyncs on one page; there are filters for more. */
const MAX_SHOWN = 500

/** GitSyncs with state and last commit. */
export function gitsyncsPage({ viewer, gitsyncs, query }: Pick<View, 'viewer' | 'gitsyncs' | 'query'>): string {
  const words = (query.get('q') ?? '').trim().toLowerCase()
  const found = words === '' ? gitsyncs : gitsyncs.filter((gitsync) => textOf(gitsync).includes(words))
  const shown = found.slice(0, MAX_SHOWN)
  return layout(
    { title: 'GitSyncs', viewer, path: '/' },
    h(
      'form',
      { class: 'filter', role: 'search', method: 'get', action: '/' },
      h('label', { for: 'q' }, 'Namespace, name or repository'),
      h('input', { type: 'search', id: 'q', name: 'q', value: words }),
      h('button', null, 'Search'),
    ),
    h('p', { class: 'hint' }, summary(gitsyncs, found, shown)),
    shown.length === 0 ? null : h('ul', { class: 'gitsyncs' }, ...shown.map(entry)),
  )
}

function summary(
  all: readonly AuditedGitSync[],
  found: readonly AuditedGitSync[],
  shown: readonly AuditedGitSync[],
): string {
  if (all.length === 0)
    return 'There is no GitSync that you may see: that takes the right to get gitsyncs of gitsync.dev in its namespace.'
  const ready = found.filter((gitsync) => stateOf(gitsync).mark === 'good').length
  const cut = shown.length === found.length ? '' : `; the first ${shown.length} are shown`
  return `${counted(found.length, 'GitSync', 'GitSyncs')}, ${ready} in step with the cluster${cut}.`
}

const textOf = ({ namespace, name, repository }: AuditedGitSync): string =>
  `${namespace}/${name} ${repository}`.toLowerCase()

function entry(gitsync: AuditedGitSync): Markup {
  const { namespace, name, repository, branch, path, status } = gitsync
  const state = stateOf(gitsync)
  const pending = status.pending ?? 0
  return h(
    'li',
    null,
    h(
      'div',
      { class: 'what' },
      h('h2', null, h('span', { class: 'namespace' }, `${namespace}/`), h('wbr'), name),
      h(
        'p',
        { class: 'place' },
        repository,
        branch === undefined ? null : [' · ', branch],
        path === '.' ? null : [' · ', path],
      ),
    ),
    h('p', { class: 'state' }, h('span', { class: `mark ${state.mark}` }, state.word)),
    h(
      'p',
      { class: 'commit' },
      ...lastCommit(status.lastCommit),
      status.files === undefined ? null : h('span', { class: 'files' }, counted(status.files, 'file', 'files')),
      pending === 0 ? null : h('span', { class: 'files' }, `${pending} not in Git yet`),
    ),
    state.message === undefined ? null : h('p', { class: 'message' }, state.message),
  )
}

function lastCommit(commit: AuditedGitSync['status']['lastCommit']): Child[] {
  if (commit === undefined) return ['no commit yet']
  const href = safeHref(commit.url)
  const id = h('code', null, shortId(commit.sha))
  const time = Date.parse(commit.time ?? '')
  return [
    href === undefined ? id : h('a', { href, rel: 'noreferrer' }, id),
    ...(Number.isNaN(time) ? [] : [' ', timeOf(time)]),
  ]
}

interface State {
  readonly mark: 'good' | 'bad' | 'waiting'
  readonly word: string
  readonly message?: string
}

function stateOf({ conditions, isSuspended }: AuditedGitSync): State {
  if (isSuspended) return { mark: 'waiting', word: 'Suspended' }
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready === undefined) return { mark: 'waiting', word: 'Not seen yet' }
  if (ready.status === 'True') return { mark: 'good', word: 'Ready' }
  const isProgressing = ready.status === 'Unknown'
  return { mark: isProgressing ? 'waiting' : 'bad', word: ready.reason, message: ready.message }
}
