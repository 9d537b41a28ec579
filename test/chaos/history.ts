import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import type { TestRepository } from '../kit/remote/index.ts'
import type { Version } from './edits.ts'
import { readBlobs } from './oracle.ts'

const BOT = 'gitsync-operator'
/** Marks a commit that a comparison made: states between may be missing there, and authors. */
const COMPARED = 'Gitsync-Compared:'

interface Commit {
  readonly oid: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: string
  readonly message: string
}

interface FileChange {
  readonly status: string
  readonly oid: string
  readonly path: string
}

/**
 * What is wrong with the branch's history: forks, commits that change nothing, broken objects, states that no object ever
 * had, edits under another's name. `foreign` are authors that the test itself commits as.
 */
export async function faultsOfHistory(
  store: TestRepository,
  versions: ReadonlyMap<string, readonly Version[]>,
  foreign: readonly string[] = ['Foreign Writer'],
): Promise<string[]> {
  await store.fsck()
  const commits = await readCommits(store)
  const changes = await readChanges(store)
  const trees = new Map(commits.map(({ oid, tree }) => [oid, tree]))
  const contents = await readBlobs(
    store,
    [...changes.values()].flat().flatMap(({ oid }) => (/^0+$/.test(oid) ? [] : [oid])),
  )
  const found: string[] = []
  for (const { oid, tree, parents, author, message } of commits) {
    const [parent] = parents
    if (parents.length > 1) found.push(`${oid} has ${parents.length} parents`)
    if (parent !== undefined && trees.get(parent) === tree) found.push(`${oid} changes nothing: ${message}`)
    if (foreign.includes(author)) continue
    for (const { status, oid: blob, path } of changes.get(oid) ?? []) {
      if (path.endsWith('/.gitsync')) continue
      const said: unknown = status === 'D' ? null : parse(contents.get(blob) ?? '')
      const candidates = (versions.get(path) ?? []).filter(({ content }) => isDeepStrictEqual(content, said))
      if (candidates.length === 0) found.push(`${oid} gives ${path} a state (${status}) that the object never had`)
      else if (status === 'D') continue
      else if (author !== BOT && !candidates.some(({ manager }) => manager === author)) {
        found.push(`${oid} of ${author} writes what ${candidates.map(({ manager }) => manager).join()} made in ${path}`)
      } else if (author === BOT && !message.includes(COMPARED)) {
        found.push(`${oid} writes ${path} in nobody's name, and does not say why`)
      }
    }
  }
  return found
}

async function readCommits(store: TestRepository): Promise<Commit[]> {
  const text = await store.git('log', '-z', '--format=%H%x01%T%x01%P%x01%an%x01%B', 'main')
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [oid = '', tree = '', parents = '', author = '', message = ''] = line.split('\u0001')
      return { oid, tree, parents: parents.split(' ').filter((each) => each !== ''), author, message }
    })
}

/** By commit. */
async function readChanges(store: TestRepository): Promise<Map<string, FileChange[]>> {
  const text = await store.git('log', '--raw', '--no-abbrev', '--no-renames', '--root', '--format=commit %H', 'main')
  const changes = new Map<string, FileChange[]>()
  let current: FileChange[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('commit ')) changes.set(line.slice(7), (current = []))
    const match = /^:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) (\w)\t(.*)$/.exec(line)
    if (match !== null) current.push({ oid: match[1] ?? '', status: match[2] ?? '', path: match[3] ?? '' })
  }
  return changes
}
