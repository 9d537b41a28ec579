/**
 * `make image-archive`: the image that the Dockerfile describes, packed without an engine, for this machine's
 * architecture: `dist/gitsync-operator.image.tar`, and `dist/gitsync-operator.sbom.cdx.json` beside it. The same commit,
 * Node and libraries give the same bytes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../test/kit/process/index.ts'
import { bundle } from './bundle.ts'
import { appFiles } from './image/app-files.ts'
import { writeImage } from './image/archive.ts'
import type { WrittenImage } from './image/archive.ts'
import { containerConfig } from './image/config.ts'
import { libraryFiles, nodeFiles } from './image/root-files.ts'

const root = new URL('..', import.meta.url).pathname

export interface PackOptions {
  /** File to write. */
  readonly file: string
  /** Default `ghcr.io/gitsync-dev/gitsync-operator:<version>`. */
  readonly name?: string
  /** Folder for the bundle; default `dist`. */
  readonly dist?: string
}

export interface PackedImage extends WrittenImage {
  readonly name: string
  /** The bill of materials, as JSON. */
  readonly bill: string
}

/** Bundles the operator and packs its image. */
export async function packImage({ file, dist = join(root, 'dist'), ...options }: PackOptions): Promise<PackedImage> {
  await bundle('gitsync-operator', dist)
  const { version } = JSON.parse(await readFile(join(root, 'operator/package.json'), 'utf8')) as { version: string }
  const { revision, epoch } = await sourceState()
  const name = options.name ?? `ghcr.io/gitsync-dev/gitsync-operator:${version}`
  const libraries = await libraryFiles()
  const app = await appFiles({ dist, version, debianPackages: libraries.packages, epoch })
  const written = await writeImage(file, {
    name,
    // What changes seldom is a layer of its own.
    layers: [[...(await nodeFiles()), ...libraries.entries], app],
    config: containerConfig(version, revision),
    epoch,
  })
  const bill = app.find(({ path }) => path.endsWith('sbom.cdx.json'))?.content
  return { ...written, name, bill: String(bill) }
}

/** The commit, and its date, in whose name the image is dated: SOURCE_DATE_EPOCH wins. */
async function sourceState(): Promise<{ revision: string; epoch: number }> {
  const { stdout } = await run('git', ['log', '-1', '--format=%H %ct'], { cwd: root })
  const [revision = '', date = ''] = stdout.toString().trim().split(' ')
  return { revision, epoch: Number(process.env['SOURCE_DATE_EPOCH'] ?? date) }
}

if (import.meta.main) {
  const file = join(root, 'dist/gitsync-operator.image.tar')
  const { name, digest, pullBytes, unpackedBytes, bill } = await packImage({ file })
  await writeFile(join(root, 'dist/gitsync-operator.sbom.cdx.json'), bill)
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
  console.log(`${file}\n${name}@${digest}\n${megabytes(pullBytes)} to pull, ${megabytes(unpackedBytes)} unpacked`)
}
