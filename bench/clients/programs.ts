import { constants } from 'node:fs'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { build } from 'esbuild'
import { run } from '../../test/kit/process/index.ts'
import { CACHE } from '../repository.ts'
import type { ClientName } from '../scenario.ts'

/** A command to which scenario, client and the file of the task are added. */
export type Programs = Readonly<Record<ClientName, readonly string[]>>

const SCRIPTS = [
  new URL('./engine.ts', import.meta.url),
  new URL('./git.ts', import.meta.url),
  new URL('./isomorphic.ts', import.meta.url),
]
const GO_GIT = join(import.meta.dirname, 'go-git')

export interface ProgramOptions {
  readonly clients: readonly ClientName[]
  /** Options of Node for the engine. */
  readonly nodeOptions: readonly string[]
}

/** Builds the clients into a folder. Those for Node are bundled, so that none pays for having its sources read one by one. */
export async function buildPrograms(folder: string, { clients, nodeOptions }: ProgramOptions): Promise<Programs> {
  await build({
    entryPoints: SCRIPTS.map(({ pathname }) => pathname),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: {
      js: `import { createRequire as $createRequire } from 'node:module';const require = $createRequire(import.meta.url);`,
    },
    external: ['cpu-features', '*.node'],
    logLevel: 'error',
  })
  const script = (name: string, ...options: string[]): string[] => [
    process.execPath,
    ...options,
    join(folder, `${name}.mjs`),
  ]
  return {
    engine: script('engine', ...nodeOptions),
    'engine-levels': script('engine', ...nodeOptions),
    'git-partial': script('git'),
    'git-shallow': script('git'),
    // It calls what Node warns of on standard error.
    isomorphic: script('isomorphic', '--no-deprecation'),
    'go-git': clients.includes('go-git') ? [await buildGoGit()] : [],
  }
}

/** Once for each state of its sources. */
async function buildGoGit(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(join(GO_GIT, file)))
  const program = join(CACHE, `go-git-${hash.digest('hex').slice(0, 12)}`)
  const there = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (there) return program
  await mkdir(CACHE, { recursive: true })
  const unfinished = `${program}.${process.pid}`
  await run('go', ['build', '-trimpath', '-o', unfinished, '.'], { cwd: GO_GIT, timeout: 900_000 }).catch(
    (cause: unknown) => {
      const remedy = 'install Go 1.26 or later, or name the other clients with --clients'
      throw new Error(`go-git cannot be built: ${remedy}`, { cause })
    },
  )
  await rename(unfinished, program)
  return program
}
