import { setImmediate } from 'node:timers/promises'
import { h } from 'hastscript'
import type { Child } from 'hastscript'
import type { View } from '../audit-page.ts'
import { withMove, withMoves } from '../diff/moves.ts'
import { dashboardDiff } from '../diff/dashboard-diff.ts'
import type { DashboardChange } from '../diff/dashboard-diff.ts'
import { textDiff } from '../diff/text-diff.ts'
import { notFound, PageError } from '../page-error.ts'
import type { LoggedChange } from '../remote/logged-commit.ts'
import { folderOf } from '../remote/logged-commit.ts'
import { isOf, visibleCommit } from '../timeline/visible.ts'
import type { VisibleCommit } from '../timeline/visible.ts'
import { layout } from './layout.ts'
import { counted, fileOf, firstLine, restOf, safeHref, sentence, timeOf, WITHHELD } from './words.ts'
import type { Markup } from './words.ts'

/** Files whose contents are shown. */
const MAX_FILES = 30
/** Files that are named. */
const MAX_NAMED = 500
/** For so long the files of one page are compared, in milliseconds. */
const COMPARE_MS = 1_500
const ID = /^([0-9a-f]{40}|[0-9a-f]{64})$/
const FILE = 0o100000
const TYPE = 0o170000

/** What a commit changed, as far as the viewer may see it. @throws PageError `NotFound` */
export async function commitPage({ viewer, gitsyncs, query, reading }: View): Promise<string> {
  const { visible, changes } = await find(gitsyncs, query, reading)
  const { commit, branch, message, count } = visible
  const moved = withMoves(changes)
  const { texts, problem } = await textsOf(reading, visible, moved.slice(0, MAX_FILES))
  const listed = withMove(moved, texts)
  const left = count - changes.length
  const files = await compared(problem === undefined ? listed.slice(0, MAX_FILES) : [], texts, reading)
  const href = safeHref(branch.pageOf(commit.oid))
  const body = message === undefined ? '' : restOf(message)
  return layout(
    { title: message === undefined ? WITHHELD : firstLine(message), viewer },
    h('dl', { class: 'facts' }, [
      fact('Author', [commit.author.name, h('span', { class: 'soft' }, ` <${commit.author.email}>`)]),
      fact('Changed', timeOf(commit.author.time)),
      fact('Committed', timeOf(commit.committed)),
      fact('GitSync', visible.gitsyncs.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')),
      fact('Branch', branch.branch),
      fact('Commit', [
        h('code', commit.oid),
        href === undefined ? null : [' ', h('a', { href, rel: 'noreferrer' }, 'at the host')],
      ]),
    ]),
    message === undefined
      ? h(
          'p',
          { class: 'note' },
          'This commit is also about what you may not see: its message is not shown, and of its files those that you may see.',
        )
      : body === ''
        ? null
        : h('pre', { class: 'message' }, body),
    h('h2', { class: 'day' }, counted(listed.length + left, 'file', 'files')),
    problem === undefined
      ? null
      : h('p', { class: 'note' }, sentence(`What changed in them cannot be shown: ${problem}`)),
    ...files,
    listed.length > files.length
      ? h(
          'ul',
          { class: 'paths' },
          listed.slice(files.length).map((change) => h('li', fileOf(change))),
        )
      : null,
    left > 0 ? hint(`and ${left} more.`) : null,
  )
}

const fact = (term: string, ...value: Child[]): Markup => h('div', [h('dt', term), h('dd', null, ...value)])

interface Found {
  readonly visible: VisibleCommit
  readonly changes: readonly LoggedChange[]
}

async function find(gitsyncs: View['gitsyncs'], query: URLSearchParams, { logs }: View['reading']): Promise<Found> {
  const [namespace, name] = (query.get('gitsync') ?? '').split('/')
  const oid = query.get('id') ?? ''
  const gitsync = gitsyncs.find((one) => one.namespace === namespace && one.name === name)
  const branch = gitsync?.remote
  if (gitsync === undefined || !ID.test(oid)) throw notFound()
  if (branch === undefined)
    throw new PageError('Unavailable', `${namespace}/${name} is not at work: its history cannot be read now`)
  try {
    const commit = await logs.commit(branch, oid)
    const visible =
      commit &&
      visibleCommit(
        commit,
        branch,
        gitsyncs.filter(({ remote }) => remote?.key === branch.key),
      )
    if (commit === undefined || visible === undefined || !visible.gitsyncs.includes(gitsync)) throw notFound()
    if (visible.changes.length === visible.count) return { visible, changes: visible.changes }
    const all = await Promise.all(
      visible.gitsyncs.slice(0, 3).map(({ path }) => logs.changesBelow(branch, commit, path)),
    )
    const below = all.flat().filter(({ path }) => visible.gitsyncs.some((one) => isOf(one, folderOf(path))))
    return { visible, changes: below.slice(0, MAX_NAMED) }
  } catch (error) {
    if (error instanceof PageError) throw error
    throw new PageError('Unavailable', `${namespace}/${name}: ${logs.inWords(error)}`, 10)
  }
}

interface Texts {
  /** By content id; without what cannot be shown. */
  readonly texts: ReadonlyMap<string, string>
  readonly problem: string | undefined
}

async function textsOf(
  { logs }: View['reading'],
  { branch, commit }: VisibleCommit,
  changes: readonly LoggedChange[],
): Promise<Texts> {
  const oids = changes.flatMap(({ oid, mode, oldOid, oldMode }) => [
    ...(oid !== undefined && isFile(mode) ? [oid] : []),
    ...(oldOid !== undefined && isFile(oldMode) ? [oldOid] : []),
  ])
  try {
    return { texts: await logs.texts(branch, commit.oid, [...new Set(oids)]), problem: undefined }
  } catch (error) {
    return { texts: new Map(), problem: logs.inWords(error) }
  }
}

const isFile = (mode = 0): boolean => (mode & TYPE) === FILE

async function compared(
  changes: readonly LoggedChange[],
  texts: ReadonlyMap<string, string>,
  { clock }: View['reading'],
): Promise<Markup[]> {
  const files: Markup[] = []
  const end = clock.now() + COMPARE_MS
  for (const change of changes) {
    const shown =
      clock.now() < end
        ? differences(change, texts)
        : [hint('The files before it were too much to compare this one as well.')]
    files.push(h('section', { class: 'file' }, [h('h3', fileOf(change)), ...shown]))
    // A large file takes long: pushes, and other viewers, are not to wait for many of them.
    await setImmediate()
  }
  return files
}

const hint = (text: string): Markup => h('p', { class: 'hint' }, text)

/** Undefined where there is nothing, null for what cannot be shown. */
function textOf(oid: string | undefined, texts: ReadonlyMap<string, string>): string | null | undefined {
  return oid === undefined ? undefined : (texts.get(oid) ?? null)
}

function differences({ path, oid, oldOid, oldPath }: LoggedChange, texts: ReadonlyMap<string, string>): Markup[] {
  if (oldPath !== undefined && oid === oldOid) return [hint('Its content is the same.')]
  const [before, after] = [textOf(oldOid, texts), textOf(oid, texts)]
  if (before === null || after === null) return [hint('It is no text, or too large to be shown.')]
  const structure = path.endsWith('.json') ? dashboardDiff(before, after) : undefined
  const lines = linesOf(before ?? '', after ?? '', path)
  if (structure === undefined) return [lines]
  return [dashboard(structure), h('details', [h('summary', 'Lines of the file'), lines])]
}

function linesOf(before: string, after: string, path: string): Markup {
  const diff = textDiff(before, after)
  if (diff === undefined) return hint('Next to nothing of it is the same: too much to be shown line by line.')
  if (diff.hunks.length === 0) return hint('Its content is the same; its mode changed.')
  return h('div', [
    h(
      'pre',
      { class: 'diff', ariaLabel: `Changes of ${path}`, role: 'group' },
      diff.hunks.flatMap(({ oldStart, newStart, lines }) => [
        h('span', { class: 'at' }, `line ${oldStart} → ${newStart}\n`),
        ...lines.map(line),
      ]),
    ),
    diff.left === 0 ? null : hint(`${counted(diff.left, 'line more', 'lines more')}.`),
  ])
}

function line(text: string): Markup {
  if (text.startsWith('+')) return h('ins', `${text}\n`)
  if (text.startsWith('-')) return h('del', `${text}\n`)
  return h('span', `${text}\n`)
}

function dashboard(changes: readonly DashboardChange[]): Markup {
  if (changes.length === 0) return hint('The dashboard is the same; its file is written otherwise.')
  return h(
    'ul',
    { class: 'dashboard' },
    changes.map(({ action, what, details }) =>
      h('li', [
        h(
          'span',
          { class: `mark small ${action === 'added' ? 'good' : action === 'removed' ? 'bad' : 'plain'}` },
          action,
        ),
        ' ',
        h('strong', what),
        details.length === 0
          ? null
          : h(
              'ul',
              details.map((detail) => h('li', detail)),
            ),
      ]),
    ),
  )
}
