import { Mode } from '../../format/tree.ts'
import type { Session } from '../session.ts'
import type { Snapshot } from '../snapshot.ts'
import { fetchBlobs } from '../wire/object-forms.ts'
import { matchesAttributePattern } from './attribute-pattern.ts'
import { folderOf } from './file-entry.ts'

const ATTRIBUTES = '.gitattributes'
/** Longer lines are passed over, as git does (attr.c, `ATTR_MAX_LINE_LENGTH`). */
const MAX_LINE = 2048

/** A line that says something of the attribute `filter`. */
interface Rule {
  readonly pattern: string
  /** Null: no filter, whatever was said before. */
  readonly filter: string | null
}

/**
 * The filter of each path that has one (gitattributes, "filter"), by the `.gitattributes` files of the snapshot, whose
 * folders on the way to the paths have been read. One request where there are such files.
 */
export async function filtersOf(
  session: Session,
  snapshot: Snapshot,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const folders = new Map<string, readonly string[]>()
  for (const path of paths) {
    const names = folderOf(path)
    for (let depth = 0; depth <= names.length; depth++)
      folders.set(names.slice(0, depth).join('/'), names.slice(0, depth))
  }
  const files = new Map<string, string>()
  for (const [folder, names] of folders) {
    const entry = snapshot.entryAt([...names, ATTRIBUTES])
    // A symlink of this name is not followed.
    if (entry === null || entry === 'unread' || (entry.mode !== Mode.file && entry.mode !== Mode.executable)) continue
    files.set(folder, entry.oid)
  }
  if (files.size === 0 || snapshot.shown === null) return new Map()
  const contents = await fetchBlobs(session, [...new Set(files.values())], snapshot.shown)
  const macros = new Map<string, string | null>()
  const rules = new Map<string, readonly Rule[]>()
  for (const folder of [...files.keys()].sort((a, b) => a.length - b.length)) {
    const bytes = contents.get(files.get(folder) ?? '') ?? Buffer.alloc(0)
    rules.set(folder, parseRules(bytes.toString('latin1'), macros, folder === ''))
  }
  return new Map(
    paths.flatMap((path) => {
      const filter = filterOf(rules, folderOf(path), Buffer.from(path).toString('latin1'))
      return filter === undefined ? [] : [[path, filter] as const]
    }),
  )
}

/** The last line that matches wins, and the file nearest to the path. */
function filterOf(
  rules: ReadonlyMap<string, readonly Rule[]>,
  names: readonly string[],
  rawPath: string,
): string | undefined {
  for (let depth = names.length; depth >= 0; depth--) {
    const folder = names.slice(0, depth).join('/')
    const below = folder === '' ? rawPath : rawPath.slice(folder.length + 1)
    const rule = rules.get(folder)?.findLast(({ pattern }) => matchesAttributePattern(pattern, below))
    if (rule !== undefined) return rule.filter ?? undefined
  }
  return undefined
}

/** @param macros names that stand for a filter; more are defined in the root's file only */
function parseRules(text: string, macros: Map<string, string | null>, isRoot: boolean): Rule[] {
  const rules: Rule[] = []
  for (const line of text.split(/\r?\n/)) {
    if (line.length > MAX_LINE) continue
    const [, quoted, plain, words = ''] = /^\s*(?:"((?:\\.|[^"\\])*)"|([^\s"#]\S*))\s+(.*)$/.exec(line) ?? []
    const pattern = quoted?.replace(/\\(["\\])/g, '$1') ?? plain
    if (pattern === undefined || pattern.startsWith('!')) continue
    if (pattern.startsWith('[attr]')) {
      const filter = filterIn(words, macros)
      if (isRoot && filter !== undefined) macros.set(pattern.slice('[attr]'.length), filter)
      continue
    }
    const filter = filterIn(words, macros)
    if (filter !== undefined) rules.push({ pattern, filter })
  }
  return rules
}

/** What the attributes of a line say of the filter; undefined for nothing. */
function filterIn(words: string, macros: ReadonlyMap<string, string | null>): string | null | undefined {
  let filter: string | null | undefined
  for (const word of words.split(/\s+/)) {
    if (word.startsWith('filter=')) filter = word.slice('filter='.length)
    else if (['filter', '-filter', '!filter'].includes(word)) filter = null
    else filter = macros.get(word) ?? filter
  }
  return filter
}
