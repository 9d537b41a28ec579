/**
 * `make bundle`: each command as one file below `dist/`, with only what it uses, so that an image needs nothing besides
 * Node, and starts in a third of the time that the sources take. What is seldom used is in files of a folder beside it,
 * with the licences of all that is in there. And the engine as one file below `protocol/dist/` for runtimes that are not
 * Node.
 */
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Metafile, Plugin } from 'esbuild'
import { run } from '../test/kit/process/index.ts'
import { writePackages } from './bundle/packages.ts'

const root = new URL('..', import.meta.url).pathname
const COMMANDS = {
  'gitsync-operator': 'operator/src/cli/gitsync-operator.ts',
  gitsync: 'protocol/src/cli/gitsync.ts',
  'gitsync-audit': 'operator/src/cli/gitsync-audit.ts',
  'gitsync-export': 'operator/src/cli/gitsync-export.ts',
  'kubectl-gitsync': 'operator/src/cli/kubectl-gitsync.ts',
} as const

export type BundledCommand = keyof typeof COMMANDS

/**
 * Bytes of JavaScript, not minified: what is read before a command does anything, and what there is in all. People wait for
 * commands; a library that only one verb needs is loaded by that verb.
 */
const BUDGETS: Partial<Readonly<Record<BundledCommand, { readonly start: number; readonly all: number }>>> = {
  'kubectl-gitsync': { start: 800_000, all: 5_500_000 },
  'gitsync-export': { start: 800_000, all: 5_500_000 },
  'gitsync-audit': { start: 400_000, all: 5_500_000 },
}

/** Packages written as CommonJS ask for Node's own modules with `require`, which a module has to be given. */
const BANNER = `import { createRequire as $createRequire } from 'node:module';const require = $createRequire(import.meta.url);`

/** Of the official client only the credential plugins are used: its models of every kind are 16 MB and half the start time. */
const credentialPluginsOnly: Plugin = {
  name: 'credential-plugins-only',
  setup(build) {
    build.onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ resolveDir, kind }) =>
      build.resolve('@kubernetes/client-node/dist/config.js', { resolveDir, kind }),
    )
    build.onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer }) =>
      importer.includes('@kubernetes/client-node/dist') ? { path: 'models', namespace: 'unused' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({
      contents: 'export const createConfiguration = undefined, ServerConfiguration = undefined',
    }))
  },
}

/** Messages of the schemas' library in fifty languages, of which English is asked for by itself. */
const oneLanguage: Plugin = {
  name: 'one-language',
  setup(build) {
    build.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ importer }) =>
      importer.includes('/node_modules/zod/') ? { path: 'locales', namespace: 'unwanted' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'unwanted' }, () => ({ contents: 'export {}' }))
  },
}

/**
 * Bundles one command: `<folder>/<command>.mjs`, which loads what it seldom needs from `<folder>/<command>/`. Not minified:
 * that starts no faster, and stack traces stay readable. The same sources give the same bytes.
 * @returns the file
 */
export async function bundle(command: BundledCommand, folder = join(root, 'dist')): Promise<string> {
  const outfile = join(folder, `${command}.mjs`)
  // Parts are named by their content: those of earlier states would stay.
  await rm(join(folder, command), { recursive: true, force: true })
  await mkdir(join(folder, command), { recursive: true })
  const { metafile } = await build({
    entryPoints: { [command]: join(root, COMMANDS[command]) },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    chunkNames: `${command}/[name]-[hash]`,
    splitting: true,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    legalComments: 'inline',
    metafile: true,
    banner: { js: BANNER },
    // What it has for Node asks for its parts in a way that nobody but Node can follow.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    // ssh2 asks for its folder as it is loaded, and reads nothing from there.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    plugins: [credentialPluginsOnly, oneLanguage],
    // Native code that ssh2 uses where it was built, and does without elsewhere.
    external: ['cpu-features', '*.node'],
    logLevel: 'error',
  })
  checkBudget(command, metafile)
  await writePackages(metafile, root, join(folder, command))
  await chmod(outfile, 0o755)
  return outfile
}

/** @throws Error naming what is larger than it may be */
function checkBudget(command: BundledCommand, { outputs }: Metafile): void {
  const budget = BUDGETS[command]
  if (budget === undefined) return
  const [entry] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === COMMANDS[command]) ?? []
  const atStart = new Set<string>()
  const read = (file: string): void => {
    if (atStart.has(file)) return
    atStart.add(file)
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[path] !== undefined) read(path)
    }
  }
  if (entry !== undefined) read(entry)
  const bytesOf = (files: Iterable<string>): number =>
    [...files].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0)
  const sizes = { start: bytesOf(atStart), all: bytesOf(Object.keys(outputs)) }
  for (const kind of ['start', 'all'] as const) {
    if (sizes[kind] <= budget[kind]) continue
    throw new Error(`${command} has ${sizes[kind]} bytes (${kind}), more than the ${budget[kind]} of its budget`)
  }
}

/** Bytes that the engine may cost an edge runtime, where every start loads it: a new dependency is a decision. */
const EDGE_BUDGET = { minified: 240_000, gzipped: 80_000 } as const

/**
 * Bundles the engine for runtimes without Node: workers at the edge, browsers.
 * @returns the file, and its size
 * @throws Error when something in it needs Node, or when it is larger than the budget
 */
export async function bundleEdge(
  folder = join(root, 'protocol/dist'),
): Promise<{ file: string; minified: number; gzipped: number }> {
  const file = join(folder, 'edge.js')
  const { metafile } = await build({
    entryPoints: [join(root, 'protocol/src/index.ts')],
    outfile: file,
    bundle: true,
    minify: true,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['edge', 'browser'],
    target: 'es2024',
    format: 'esm',
    legalComments: 'linked',
    // Whatever else there is not cannot be resolved; of these the check below says who asks for them.
    external: ['node:*'],
    inject: [join(root, 'protocol/src/platform/edge/buffer.ts')],
    metafile: true,
    logLevel: 'error',
  })
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    const needed = imports.find(({ path }) => path.startsWith('node:'))
    if (needed !== undefined) throw new Error(`${path} imports ${needed.path}, which there is not on the edge`)
  }
  const content = await readFile(file)
  const size = { minified: content.length, gzipped: gzipSync(content, { level: 9 }).length }
  for (const kind of ['minified', 'gzipped'] as const) {
    if (size[kind] > EDGE_BUDGET[kind]) {
      throw new Error(`${file} has ${size[kind]} bytes ${kind}, more than the ${EDGE_BUDGET[kind]} of its budget`)
    }
  }
  return { file, ...size }
}

/** Runs the command's `--help` and gives the milliseconds it took, the median of five. Throws CommandError when it fails. */
async function timeStart(file: string): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const started = performance.now()
    const { stdout } = await run(process.execPath, [file, '--help'])
    if (!stdout.toString().includes('Usage:')) throw new Error(`${file} --help does not say how it is used`)
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)[2] ?? 0
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`

const isCommand = (name: string): name is BundledCommand => Object.hasOwn(COMMANDS, name)

if (import.meta.main) {
  const wanted = process.argv.slice(2).filter(isCommand)
  for (const command of wanted) console.log(await bundle(command))
  if (wanted.length === 0) await bundleAll()
}

async function bundleAll(): Promise<void> {
  const edge = await bundleEdge()
  console.log(`${edge.file}  ${kilobytes(edge.minified)}, ${kilobytes(edge.gzipped)} gzipped`)
  for (const command of Object.keys(COMMANDS).filter(isCommand)) {
    const file = await bundle(command)
    const { size } = await stat(file)
    const [bundled, source] = [await timeStart(file), await timeStart(join(root, COMMANDS[command]))]
    console.log(
      `${file}  ${(size / 1e6).toFixed(1)} MB, starts in ${bundled.toFixed(0)} ms (from sources ${source.toFixed(0)} ms)`,
    )
  }
}
