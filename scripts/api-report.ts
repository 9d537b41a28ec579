/**
 * Writes `protocol/api/`: all that users of `@gitsync/protocol` can see, in one page for each entry; with `--check` only says
 * whether the pages are stale. What changes them changes what others rely on.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ENTRIES = {
  protocol: 'src/index.ts',
  node: 'src/node.ts',
  sign: 'src/client/sign/index.ts',
  testing: 'src/testing/index.ts',
} as const

/** Classes that users make themselves; what others are made of is nobody's business. */
const CONSTRUCTED = new Set(['GitError'])

const root = join(import.meta.dirname, '..')

/** One file of declarations, as the compiler writes it: statements begin at the start of a line. */
interface Declarations {
  readonly path: string
  /** Name → its declaration. */
  readonly own: ReadonlyMap<string, string>
  /** Name here → where it comes from. */
  readonly from: ReadonlyMap<string, { readonly path: string; readonly name: string }>
}

function declare(folder: string): void {
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      removeComments: true,
      rootDir: join(root, 'protocol'),
      outDir: folder,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: [],
    files: Object.values(ENTRIES).map((path) => join(root, 'protocol', path)),
  }
  const project = join(folder, 'tsconfig.json')
  writeFileSync(project, JSON.stringify(settings))
  const { status, stdout } = spawnSync('tsc', ['-p', project], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the sources do not compile:\n${stdout}`)
}

const read = new Map<string, Declarations>()

function load(path: string): Declarations {
  const known = read.get(path)
  if (known !== undefined) return known
  const own = new Map<string, string>()
  const from = new Map<string, { path: string; name: string }>()
  const text = readFileSync(path, 'utf8')
  for (const statement of text.split(/\n(?=[a-z@])/)) {
    const [, names, source] = /^(?:import|export)(?: type)? \{([^}]*)\} from '([^']+)'/.exec(statement) ?? []
    if (names !== undefined && source !== undefined) {
      for (const part of names.split(',')) {
        const [name = '', alias = name] = part
          .replace(/\btype\b/, '')
          .trim()
          .split(' as ')
        if (name !== '') from.set(alias, { path: resolve(path, source), name })
      }
      continue
    }
    const [, name] =
      /^(?:export )?(?:declare )?(?:abstract )?(?:const|let|function|class|interface|type) (\w+)/.exec(statement) ?? []
    if (name === undefined) continue
    const before = own.get(name)
    const declaration = statement.trim().replace(/^(?:export )?(?:declare )?/, '')
    own.set(name, before === undefined ? declaration : `${before}\n${declaration}`)
  }
  const file = { path, own, from }
  read.set(path, file)
  return file
}

function resolve(path: string, source: string): string {
  if (source.startsWith('#platform/')) {
    const folder = path.slice(0, path.indexOf('/src/'))
    return join(folder, 'src/platform/node', `${source.slice('#platform/'.length)}.d.ts`)
  }
  return source.startsWith('.') ? join(dirname(path), source.replace(/\.ts$/, '.d.ts')) : source
}

interface Named {
  readonly name: string
  readonly text: string
  readonly file: Declarations
}

/** Where a name is declared; undefined for what another package declares. */
function find(file: Declarations, name: string): Named | undefined {
  const text = file.own.get(name)
  if (text !== undefined) return { name, text: CONSTRUCTED.has(name) ? text : withoutConstructor(text), file }
  const source = file.from.get(name)
  return source === undefined || !source.path.endsWith('.d.ts') ? undefined : find(load(source.path), source.name)
}

const withoutConstructor = (text: string): string => text.replace(/^ {4}constructor\([^]*?\);\n/m, '')

/** What declarations refer to and nobody exports: part of what users see as well. */
function referredTo(exported: readonly Named[]): Named[] {
  const seen = new Set(exported.map(({ text }) => text))
  const found: Named[] = []
  const queue = [...exported]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { text, file } = next
    const words = new Set(text.match(/\b[A-Za-z]\w*\b/g))
    for (const name of words) {
      if (!file.own.has(name) && !file.from.has(name)) continue
      const named = find(file, name)
      if (named === undefined || seen.has(named.text)) continue
      seen.add(named.text)
      found.push(named)
      queue.push(named)
    }
  }
  return found
}

function page(entry: keyof typeof ENTRIES, folder: string): string {
  const file = load(join(folder, ENTRIES[entry].replace(/\.ts$/, '.d.ts')))
  const byName = (a: Named, b: Named): number => (a.name < b.name ? -1 : 1)
  const exported = [...file.own.keys(), ...file.from.keys()].flatMap((name) => find(file, name) ?? []).sort(byName)
  const others = referredTo(exported).sort(byName)
  const code = (all: readonly Named[]): string => `\`\`\`ts\n${all.map(({ text }) => text).join('\n\n')}\n\`\`\``
  const name = `@gitsync/protocol${entry === 'protocol' ? '' : `/${entry}`}`
  const rest = others.length === 0 ? '' : `\n## Referred to\n\n${code(others)}\n`
  return `# ${name}\n\nWritten by \`make reference\`. See CONTRIBUTING on what a change of this page means.\n\n${code(exported)}\n${rest}`
}

function current(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const folder = mkdtempSync(join(tmpdir(), 'gitsync-api-'))
try {
  declare(folder)
  for (const entry of Object.keys(ENTRIES) as (keyof typeof ENTRIES)[]) {
    const path = join(root, 'protocol/api', `${entry}.md`)
    const text = page(entry, folder)
    if (current(path) === text) continue
    if (!process.argv.includes('--check')) writeFileSync(path, text)
    else {
      console.error(`protocol/api/${entry}.md is stale: the public surface has changed. Run make reference`)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
