/** What other people's code is in a bundle: for the licence texts, and for the bill of materials. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'

export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** SPDX expression. */
  readonly license: string
}

const FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//
const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i

/**
 * Writes `packages.json` and `THIRD-PARTY-LICENSES` into `folder`, of the packages that have code in the bundle.
 * @param root folder that the bundle's paths are relative to
 * @throws Error naming a package that does not say its licence
 */
export async function writePackages({ outputs }: Metafile, root: string, folder: string): Promise<void> {
  const folders = new Set<string>()
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, found] = FOLDER.exec(path) ?? []
      if (found !== undefined && bytesInOutput > 0) folders.add(found)
    }
  }
  const found = await Promise.all([...folders].map((path) => readPackage(join(root, path))))
  found.sort((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1))
  const packages: BundledPackage[] = found.map(({ name, version, license }) => ({ name, version, license }))
  await writeFile(join(folder, 'packages.json'), `${JSON.stringify(packages, null, 2)}\n`)
  const title = ({ name, version, license }: BundledPackage): string => `${name} ${version} (${license})`
  const texts = found.map((one) => `${title(one)}\n${'='.repeat(title(one).length)}\n\n${one.text.trim()}\n`)
  await writeFile(join(folder, 'THIRD-PARTY-LICENSES'), texts.join('\n\n'))
}

async function readPackage(folder: string): Promise<BundledPackage & { readonly text: string }> {
  const { name, version, ...manifest } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
    /** As npm had it before 2014. */
    licenses?: readonly { readonly type: string }[]
  }
  const license = manifest.license ?? manifest.licenses?.map(({ type }) => type).join(' OR ')
  if (license === undefined) throw new Error(`${folder}/package.json does not say the package's licence`)
  const files = (await readdir(folder)).filter((file) => LICENSE_FILE.test(file)).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  // Some state the licence by its name only, which is then all there is to hand on.
  return { name, version, license, text: texts.join('\n\n') || `Licensed by its authors under ${license}.` }
}
