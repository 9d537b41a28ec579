/**
 * `make bundle`: each command as one file below `dist/`, with only what it uses, so that an image needs nothing besides
 * Node, and starts in a third of the time that the sources take.
 */
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Plugin } from 'esbuild'
import { run } from '../test/kit/process/index.ts'

const root = new URL('..', import.meta.url).pathname
const COMMANDS = {
  'gitsync-operator': 'operator/src/cli/gitsync-operator.ts',
  gitsync: 'protocol/src/cli/gitsync.ts',
} as const

export type BundledCommand = keyof typeof COMMANDS

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

/**
 * Bundles one command. Not minified: that starts no faster, and stack traces stay readable.
 * @returns the file
 */
export async function bundle(command: BundledCommand, folder = join(root, 'dist')): Promise<string> {
  const outfile = join(folder, `${command}.mjs`)
  await build({
    entryPoints: [join(root, COMMANDS[command])],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    legalComments: 'linked',
    banner: { js: BANNER },
    plugins: [credentialPluginsOnly],
    logLevel: 'error',
  })
  await chmod(outfile, 0o755)
  return outfile
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

if (import.meta.main) {
  for (const command of Object.keys(COMMANDS) as BundledCommand[]) {
    const file = await bundle(command)
    const { size } = await stat(file)
    const [bundled, source] = [await timeStart(file), await timeStart(join(root, COMMANDS[command]))]
    console.log(
      `${file}  ${(size / 1e6).toFixed(1)} MB, starts in ${bundled.toFixed(0)} ms (from sources ${source.toFixed(0)} ms)`,
    )
  }
}
