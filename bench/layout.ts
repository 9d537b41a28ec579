import { seeded } from '../test/chaos/random.ts'
import type { Random } from '../test/chaos/random.ts'

export type SizeName = 'small' | 'medium' | 'large' | 'xlarge'

/** How large a repository is. */
export interface Size {
  readonly name: SizeName
  readonly files: number
  readonly commits: number
  readonly folders: number
  /** Files, of all, that lie in one folder beside each other; 0: there is no such folder. */
  readonly flatFiles: number
}

export const SIZES: readonly Size[] = [
  { name: 'small', files: 100, commits: 50, folders: 20, flatFiles: 0 },
  { name: 'medium', files: 816, commits: 200, folders: 60, flatFiles: 0 },
  { name: 'large', files: 3_000, commits: 800, folders: 150, flatFiles: 0 },
  { name: 'xlarge', files: 15_923, commits: 3_000, folders: 416, flatFiles: 5_000 },
]

/** What lies where in the repository of a size: always the same. */
export interface Layout {
  readonly size: Size
  /** Path of each file. */
  readonly files: readonly string[]
  /** A folder four levels down. */
  readonly fourDeep: string
  /** A file in {@link Layout.fourDeep} that is edited again and again. */
  readonly hot: string
  /** A file below six folders. */
  readonly deep: string
  /** The folder of many files; empty where there is none. */
  readonly flat: string
  /** About a third of all files are below it. */
  readonly share: string
}

const SHARE = 'dashboards'
/** Of ten folders the top ones that they are below. */
const TOPS = [SHARE, 'alerts', SHARE, 'docs', 'library', SHARE, 'provisioning', 'alerts', 'datasources', 'docs']
const CHAIN = ['provisioning', 'level-1', 'level-2', 'level-3', 'level-4', 'level-5']
/** Where the flat folder is: below so many folders of the chain. */
const FLAT_DEPTH = 4
const MAX_DEPTH = 8

export function layoutOf(size: Size): Layout {
  const random = seeded(size.folders)
  const folders = foldersOf(size, random)
  const nested = size.files - size.flatFiles
  const flat = size.flatFiles === 0 ? '' : `${CHAIN.slice(0, FLAT_DEPTH).join('/')}/flat`
  const files = Array.from({ length: size.files }, (_, file) =>
    file < nested ? `${folders[file % folders.length]}/panel-${file}.json` : `${flat}/entry-${file}.json`,
  )
  const fourDeep = folders.find((folder) => folder.startsWith('alerts/') && folder.split('/').length === 4)
  const hot = files.find((file) => file.startsWith(`${fourDeep}/panel`))
  const deep = files.find((file) => file.startsWith(`${CHAIN.join('/')}/panel`))
  if (fourDeep === undefined || hot === undefined || deep === undefined) throw new Error(`${size.name} lacks depth`)
  return { size, files, fourDeep, hot, deep, flat, share: SHARE }
}

/** The top folders, the chain, one four deep; the others each below a folder that was there before, up to eight deep. */
function foldersOf({ folders: count }: Size, random: Random): string[] {
  const folders = [
    ...new Set(TOPS),
    ...CHAIN.slice(1).map((_, index) => CHAIN.slice(0, index + 2).join('/')),
    'alerts/team-0',
    'alerts/team-0/stage',
    'alerts/team-0/stage/service',
  ]
  const byTop = Map.groupBy(folders, (folder) => folder.slice(0, `${folder}/`.indexOf('/')))
  for (let number = folders.length; number < count; number++) {
    const siblings = byTop.get(TOPS[number % TOPS.length] ?? '') ?? []
    const parents = siblings.filter((folder) => folder.split('/').length < MAX_DEPTH)
    const folder = `${random.pick(parents)}/team-${number}`
    folders.push(folder)
    siblings.push(folder)
  }
  return folders
}

/** Number of lines: 13 KB compressed in the mean. */
const MIN_LINES = 100
const MORE_LINES = 400
const WORDS = 8

/** Content of a file after the edit of a commit (0: the first): about 24 KB of JSON that compress by half. */
export function contentOf(file: number, commit: number): string {
  const random = seeded(file * 2 + 1)
  const length = MIN_LINES + random.int(MORE_LINES)
  const lines = Array.from({ length }, (_, line) => lineOf(line, random))
  if (commit > 0) lines[commit % length] = lineOf(commit % length, seeded(commit * 2))
  return `{\n  "title": "Panel ${file}",\n  "version": ${commit},\n${lines.join(',\n')}\n}\n`
}

function lineOf(line: number, random: Random): string {
  const words = Array.from({ length: WORDS }, () => Math.floor(random.next() * 2 ** 32).toString(36))
  return `  "target-${line}": "${words.join(' ')}"`
}
