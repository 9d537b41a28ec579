/** The program in the image: the bundle, and what says what is in it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BundledPackage } from '../bundle/packages.ts'
import type { LayerEntry } from './archive.ts'
import { billOfMaterials } from './bill-of-materials.ts'
import type { DebianPackage } from './root-files.ts'

export interface AppOptions {
  /** Folder of the bundle. */
  readonly dist: string
  readonly version: string
  /** That come with the image; none when its base brings the libraries. */
  readonly debianPackages: readonly DebianPackage[]
  /** Seconds since 1970. */
  readonly epoch: number
}

const DOC = 'usr/share/doc/gitsync-operator'

export async function appFiles({ dist, version, debianPackages, epoch }: AppOptions): Promise<LayerEntry[]> {
  const parts = join(dist, 'gitsync-operator')
  const packages = JSON.parse(await readFile(join(parts, 'packages.json'), 'utf8')) as BundledPackage[]
  const names = (await readdir(parts)).filter((name) => name.endsWith('.mjs')).sort()
  const bill = await billOfMaterials({ version, packages, debianPackages, epoch })
  return [
    { path: 'app/gitsync-operator.mjs', mode: 0o755, file: join(dist, 'gitsync-operator.mjs') },
    ...names.map((name) => ({ path: `app/gitsync-operator/${name}`, file: join(parts, name) })),
    { path: `${DOC}/THIRD-PARTY-LICENSES`, file: join(parts, 'THIRD-PARTY-LICENSES') },
    { path: `${DOC}/sbom.cdx.json`, content: `${JSON.stringify(bill, null, 2)}\n` },
  ]
}
