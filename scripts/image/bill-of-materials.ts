import type { BundledPackage } from '../bundle/packages.ts'
import { distribution } from './root-files.ts'
import type { DebianPackage } from './root-files.ts'

export interface BillOptions {
  readonly version: string
  readonly packages: readonly BundledPackage[]
  readonly debianPackages: readonly DebianPackage[]
  /** Seconds since 1970. */
  readonly epoch: number
}

interface Component {
  readonly type: 'library' | 'platform' | 'application'
  readonly 'bom-ref': string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly { readonly expression: string }[]
}

/**
 * What the image is made of: packages in the bundle, Node, and the distribution's packages of its libraries. The same
 * content gives the same bytes.
 *
 * Source: CycloneDX 1.6; package URLs as purl-spec has them.
 */
export async function billOfMaterials({ version, packages, debianPackages, epoch }: BillOptions): Promise<object> {
  const distro = await distribution()
  const [id] = distro.split('-')
  const node = process.version.slice(1)
  const of = (
    type: Component['type'],
    name: string,
    itsVersion: string,
    purl: string,
    license?: string,
  ): Component => ({
    type,
    'bom-ref': purl,
    name,
    version: itsVersion,
    purl,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
  })
  const root = of('application', 'gitsync-operator', version, `pkg:npm/%40gitsync/operator@${version}`, 'Apache-2.0')
  const components = [
    of('platform', 'node', node, `pkg:generic/node@${node}`, 'MIT'),
    ...packages.map(({ name, version: its, license }) =>
      of('library', name, its, `pkg:npm/${name.replace('@', '%40')}@${its}`, license),
    ),
    ...debianPackages.map(({ name, version: its, architecture }) =>
      of(
        'library',
        name,
        its,
        `pkg:deb/${id}/${name}@${encodeURIComponent(its)}?arch=${architecture}&distro=${distro}`,
      ),
    ),
  ]
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: new Date(epoch * 1000).toISOString(), component: root },
    components,
    dependencies: [{ ref: root['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) }],
  }
}
