/** Title of a dashboard → where its file is. */
import { createHash } from 'node:crypto'

const FOLDER = 'dashboards'
const SLUG_MAX = 100
const HASH_CHARACTERS = 8
/** Longest part of a path, before a suffix and the ending. */
const PART_MAX = 150

/** Where the files of a Dashboard are that stands for many, when it does not say. */
export const DEFAULT_TEMPLATE = `${FOLDER}/{folder}/{title}.json`
export const ALERT_RULES_TEMPLATE = 'alert-rules/{folder}/{group}.yaml'
export const LIBRARY_PANELS_TEMPLATE = 'library-panels/{folder}/{name}.json'

const ENDING = /\.[a-z]+$/

/** What a template of paths may name. */
export interface PathValues {
  readonly title: string
  readonly uid: string | undefined
  /** As people call them, outermost first. */
  readonly folders: readonly string[]
  /** Of the source itself, as they are called there; they come before the others. */
  readonly variables: Readonly<Record<string, string>>
  /** Where nothing of a value can be in a file name; where nothing of this can, it still tells one file from another. */
  readonly fallback: string
}

/**
 * `dashboards/checkout-latency.json`, below the GitSync's folder.
 * @param name of the Dashboard, where nothing of the title can be in a file name
 */
export const defaultPath = (title: string, name: string): string => `${FOLDER}/${slug(title) || name}.json`

/**
 * The path that a template gives: of each value letters and digits are left, in lower case, with - between, so that no value leads out
 * of the folder or is hidden; `{folder}` is a folder for each, and nothing where there are none.
 */
export function templatePath(template: string, values: PathValues): string {
  const { title, uid = '', variables, fallback } = values
  const valueOf = (name: string): string => {
    const own = Object.hasOwn(variables, name) ? [variables[name] ?? ''] : []
    const wanted = own.length > 0 ? own : name === 'title' ? [title] : name === 'uid' ? [uid, title] : []
    return [...wanted, fallback].map(slug).find((value) => value !== '') ?? `dashboard-${shortHash(fallback)}`
  }
  const [ending = ''] = ENDING.exec(template) ?? []
  const parts = template.slice(0, template.length - ending.length).split('/')
  const filled = parts.flatMap((part) =>
    part === '{folder}'
      ? values.folders.map(folderName)
      : [
          part.includes('{')
            ? part.replaceAll(/\{(\w+)\}/g, (_, name: string) => valueOf(name)).slice(0, PART_MAX)
            : part,
        ],
  )
  return `${filled.join('/')}${ending}`
}

/** Beside a file of the same name. @param suffix of a-z 0-9 and - */
export const withSuffix = (path: string, suffix: string): string =>
  path.replace(ENDING, (ending) => `-${suffix}${ending}`)

/** Short, and the same for the same text: tells files of one name from each other. */
export const shortHash = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARACTERS)

/** A folder without a letter that can be in a path has a name all the same. */
const folderName = (folder: string): string => slug(folder) || `folder-${shortHash(folder)}`

/** Letters without their accents and digits, in lower case, with - between; empty where there are none. */
function slug(title: string): string {
  return title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, SLUG_MAX)
    .replace(/-$/, '')
}
