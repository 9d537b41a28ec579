/** The file of an object or dashboard that people name, by what is in the repository alone. */
import type { Change, ListedEntry, Repository } from '@gitsync/protocol'
import { isKind } from '../../audit/filter.ts'
import { AuditTrail } from '../../audit/trail.ts'
import { isClaimFile } from '../../audit/verify/claims.ts'
import { defaultPath } from '../../dashboard/dashboard-path.ts'
import { CLAIM_FILE } from '../../plan/compare.ts'
import { readFile } from '../../render/edit/file.ts'
import { parseTemplate, renderPath } from '../../render/path.ts'
import { parseYaml, UnreadableYamlError } from '../../render/edit/exact-yaml.ts'
import { isRecord } from '../../render/tree.ts'
import { CommandFailure } from '../common/command-failure.ts'
import type { Notes } from '../common/notes.ts'

/** An object as people name it, without a cluster that could be asked. */
export interface ObjectName {
  /** With or without its group. */
  readonly kind: string
  /** Undefined: outside namespaces, or in any. */
  readonly namespace: string | undefined
  readonly name: string
}

export interface Searched {
  readonly repository: Repository
  readonly branch: string
  readonly notes: Notes
}

/** Files that are looked into, where their path does not tell. */
const MAX_READ = 500
/** Paths that a message names. */
const SHOWN = 5

/** @throws CommandFailure `usage` */
export function parseObjectName(text: string): ObjectName {
  const [kind = '', ...rest] = text.split('/')
  const name = rest.pop() ?? ''
  const [namespace, ...tooMany] = rest
  if (kind === '' || name === '' || tooMany.length > 0) {
    throw new CommandFailure(
      'usage',
      `--object ${JSON.stringify(text)} names no object: KIND/NAMESPACE/NAME is needed, such as Deployment/shop/web, or KIND/NAME`,
    )
  }
  return { kind, namespace: namespace === '' ? undefined : namespace, name }
}

/**
 * The file of an object: where its path says so, else by what files hold; of one that is gone by the commit that names it.
 * @throws CommandFailure `notFound`, or `usage` where several files fit
 */
export async function findObjectFile(wanted: ObjectName, searched: Searched): Promise<string> {
  const { repository, branch } = searched
  const files = await filesOf(searched)
  const stem = fileStem(wanted.name)
  const named = files.filter(({ path }) => /\.(?:ya?ml|json)$/.test(path) && stemOf(path) === stem)
  const exact = named.filter(({ path }) => isUsualPlace(path, wanted))
  if (exact.length > 0)
    return only(
      exact.map(({ path }) => path),
      objectText(wanted),
    )
  const inside = await holding(named, wanted, searched)
  if (inside.length > 0) return only(inside, objectText(wanted))
  const gone = await findGone(wanted, searched)
  if (gone !== undefined) return gone
  const others = files.filter(({ path }) => /\.(?:ya?ml|json)$/.test(path) && !named.some((one) => one.path === path))
  if (others.length > MAX_READ) {
    throw new CommandFailure(
      'notFound',
      `--object ${objectText(wanted)}: no path of ${branch} names it, and ${others.length} files are too many to look into: give its file with --path`,
    )
  }
  const found = await holding(others, wanted, searched)
  if (found.length > 0) return only(found, objectText(wanted))
  throw new CommandFailure(
    'notFound',
    `--object ${objectText(wanted)}: neither a file of ${branch} nor a commit is of it${near(files, stem)}; ${repository.url} was looked through`,
  )
}

/**
 * The file of a dashboard, by its path or the end of it, or by its title; also of one that is gone.
 * @throws CommandFailure `notFound`, or `usage` where several files fit
 */
export async function findDashboardFile(text: string, searched: Searched): Promise<string> {
  const { repository, branch, notes } = searched
  const all = await filesOf(searched)
  const files = all.filter(({ path }) => path.endsWith('.json'))
  const paths = files.map(({ path }) => path)
  if (text.endsWith('.json')) {
    const wanted = text.replace(/^\.?\//, '')
    const found = paths.filter((path) => path === wanted || path.endsWith(`/${wanted}`))
    // A file that is gone is named by its whole path.
    return found.length === 0 ? wanted : only(found, text)
  }
  const place = defaultPath(text, '')
  const usual = paths.filter((path) => path === place || path.endsWith(`/${place}`))
  if (usual.length > 0) return only(usual, text)
  const titled = await withTitle(files, text, searched)
  if (titled.exact.length > 0) return only(titled.exact, text)
  const [alike, ...others] = titled.alike
  if (alike !== undefined && others.length === 0) {
    notes(`${text}: the dashboard ${JSON.stringify(alike.title)} is taken, ${alike.path}`)
    return alike.path
  }
  if (others.length > 0)
    throw several(
      titled.alike.map(({ path }) => path),
      text,
    )
  for (const folder of claimedFolders(all)) {
    for await (const _ of repository.history(branch, { path: `${folder}${place}`, limit: 1 }))
      return `${folder}${place}`
  }
  throw new CommandFailure(
    'notFound',
    `--dashboard ${JSON.stringify(text)}: no dashboard of ${branch} has this title${near(files, fileStem(text.toLowerCase()))}; give its file with --path`,
  )
}

async function filesOf({ repository, branch }: Searched): Promise<ListedEntry[]> {
  return (await repository.tree(branch, { recursive: true })).filter(({ type }) => type === 'blob')
}

function claimedFolders(files: readonly ListedEntry[]): string[] {
  const claims = files.filter(({ path }) => isClaimFile(path))
  return [...claims.slice(0, 16).map(({ path }) => path.slice(0, -CLAIM_FILE.length)), '']
}

const NAME = parseTemplate('{name}')
/** As a layout writes it into a path. */
const fileStem = (name: string): string => renderPath(NAME, { group: '', version: '', kind: '', resource: '', name })
const stemOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:ya?ml|json)$/, '')

/** By the default layout: `{namespace}/{type}/{name}.yaml`. */
function isUsualPlace(path: string, { kind, namespace }: ObjectName): boolean {
  const [folder = '', type = ''] = path.split('/').slice(-3, -1)
  const [typeKind = '', ...group] = type.split('.')
  const isInNamespace = namespace === undefined || folder === fileStem(namespace)
  return path.split('/').length >= 3 && isInNamespace && isKind({ kind: typeKind, group: group.join('.') }, kind)
}

/** Files that hold the object. */
async function holding(files: readonly ListedEntry[], wanted: ObjectName, searched: Searched): Promise<string[]> {
  const contents = await read(files.slice(0, MAX_READ), searched)
  return files.flatMap(({ path, oid }) => {
    const { documents } = readFile(contents.get(oid) ?? new Uint8Array(), { format: 'YAML', inPlace: false })
    const isHeld = documents?.some(({ identity }) => identity !== null && isWanted(identity, wanted)) === true
    return isHeld ? [path] : []
  })
}

const isWanted = (
  identity: { readonly kind: string; readonly group: string; readonly namespace?: string; readonly name: string },
  { kind, namespace, name }: ObjectName,
): boolean =>
  identity.name === name && isKind(identity, kind) && (namespace === undefined || identity.namespace === namespace)

async function read(files: readonly ListedEntry[], { repository, branch }: Searched): Promise<Map<string, Buffer>> {
  if (files.length === 0) return new Map()
  return repository.blobs(
    await repository.snapshotAt(branch),
    files.map(({ oid }) => oid),
  )
}

/** The file that the newest commit has changed that says it is of the object. */
async function findGone(wanted: ObjectName, { repository, branch }: Searched): Promise<string | undefined> {
  for await (const record of new AuditTrail(repository, branch, wanted)) {
    if (record.object === undefined) continue
    const changes = await changesOf(repository, record.commit)
    const fitting = changes.filter(({ path }) => stemOf(path) === fileStem(wanted.name))
    const path = (fitting.find((one) => isUsualPlace(one.path, wanted)) ?? fitting[0] ?? changes[0])?.path
    if (path !== undefined && (fitting.length > 0 || changes.length === 1)) return path
  }
  return undefined
}

async function changesOf(repository: Repository, oid: string): Promise<readonly Change[]> {
  return (await repository.changes([await repository.commit(oid)])).get(oid) ?? []
}

interface Titled {
  readonly path: string
  readonly title: string
}

/** Dashboards of this title, and such as have it in theirs. */
async function withTitle(
  files: readonly ListedEntry[],
  text: string,
  searched: Searched,
): Promise<{ readonly exact: readonly string[]; readonly alike: readonly Titled[] }> {
  const contents = await read(files.slice(0, MAX_READ), searched)
  const titled = files.flatMap(({ path, oid }): Titled[] => {
    const title = titleOf(contents.get(oid))
    return title === undefined ? [] : [{ path, title }]
  })
  const wanted = text.toLowerCase()
  return {
    exact: titled.filter(({ title }) => title.toLowerCase() === wanted).map(({ path }) => path),
    alike: titled.filter(({ title }) => title.toLowerCase().includes(wanted)),
  }
}

function titleOf(bytes: Uint8Array | undefined): string | undefined {
  try {
    const { value } = parseYaml(new TextDecoder().decode(bytes))
    return isRecord(value) && typeof value['title'] === 'string' ? value['title'] : undefined
  } catch (error) {
    if (error instanceof UnreadableYamlError) return undefined
    throw error
  }
}

function only(paths: readonly string[], wanted: string): string {
  const [first, ...others] = paths
  if (first === undefined || others.length > 0) throw several(paths, wanted)
  return first
}

function several(paths: readonly string[], wanted: string): CommandFailure {
  const more = paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : ''
  return new CommandFailure(
    'usage',
    `${wanted} may be ${paths.length} files: name one of them with --path: ${paths.slice(0, SHOWN).join(', ')}${more}`,
  )
}

function near(files: readonly ListedEntry[], stem: string): string {
  const alike = files.filter(({ path }) => stem.length > 2 && path.includes(stem)).slice(0, SHOWN)
  return alike.length === 0 ? '' : `; is it ${alike.map(({ path }) => path).join(' or ')}?`
}

const objectText = ({ kind, namespace, name }: ObjectName): string =>
  [kind, ...(namespace === undefined ? [] : [namespace]), name].join('/')
