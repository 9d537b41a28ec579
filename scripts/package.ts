/**
 * `make packages`: `@gitsync/protocol` as it is published, below dist/npm/: JavaScript and types, since Node runs no
 * TypeScript below node_modules; and the file that `npm publish` would send.
 */
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../test/kit/process/index.ts'
import { bundleEdge } from './bundle.ts'

const ROOT = new URL('..', import.meta.url).pathname
const SOURCE = join(ROOT, 'protocol')

interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** What is a source in the work tree is built in the package; types stand beside. */
function built<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll('"types":"./src/index.ts"', '"types":"./dist/index.d.ts"')
    .replaceAll(/\.\/src\/([\w*/-]+)\.ts"/g, './dist/$1.js"')
  return JSON.parse(text) as T
}

/**
 * Builds the package.
 * @param folder becomes the package
 * @returns the version
 */
export async function buildPackage(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const manifest = JSON.parse(await readFile(join(SOURCE, 'package.json'), 'utf8')) as Manifest
  const published = built({ ...manifest, files: ['dist'] })
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  for (const file of ['README.md', 'LICENSE'])
    await copyFile(join(file === 'LICENSE' ? ROOT : SOURCE, file), join(folder, file))
  const dist = join(folder, 'dist')
  await run('tsc', ['-p', 'tsconfig.package.json', '--outDir', dist], { cwd: SOURCE })
  await bundleEdge(dist)
  for (const path of Object.values(published.bin)) await chmod(join(folder, path), 0o755)
  return manifest.version
}

if (import.meta.main) {
  const folder = join(ROOT, 'dist/npm/protocol')
  await buildPackage(folder)
  const { stdout } = await run('npm', ['pack', '--pack-destination', join(ROOT, 'dist')], { cwd: folder })
  console.log(join('dist', stdout.toString().trim().split('\n').at(-1) ?? ''))
}
