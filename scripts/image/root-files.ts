/** Everything in the image besides the program: Node with the libraries that it loads, and who the processes are. */
import { access, readFile, realpath } from 'node:fs/promises'
import { constants } from 'node:fs'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { LayerEntry } from './archive.ts'

export const NODE_PATH = 'usr/local/bin/node'

const PASSWD = 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n'
const GROUP = 'root:x:0:\nnonroot:x:65532:\n'

export interface DebianPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
}

export interface Libraries {
  readonly entries: readonly LayerEntry[]
  /** Packages of this machine that they are from; none where it has no dpkg. */
  readonly packages: readonly DebianPackage[]
}

/** Node itself, as the one that runs this. */
export const nodeFiles = async (): Promise<LayerEntry[]> => [
  { path: NODE_PATH, mode: 0o755, file: await realpath(process.execPath) },
  { path: 'etc/passwd', content: PASSWD },
  { path: 'etc/group', content: GROUP },
  { path: 'etc/nsswitch.conf', content: 'hosts: files dns\n' },
  { path: 'tmp', mode: 0o1777 },
]

/**
 * The shared libraries that Node has loaded, as this machine has them, with what tells scanners where they are from: the
 * distribution's name, and its packages' records and copyrights.
 */
export async function libraryFiles(): Promise<Libraries> {
  const libraries = loaded()
  const owners = new Set((await Promise.all(libraries.map(ownerOf))).filter((owner) => owner !== null))
  const records = await Promise.all([...owners].sort().map(readRecord))
  const entries: LayerEntry[] = await Promise.all(
    libraries.map(async (path) => ({ path: path.slice(1), mode: 0o755, file: await realpath(path) })),
  )
  if (records.length > 0) entries.push({ path: 'etc/os-release', file: await realpath('/etc/os-release') })
  for (const { name, text } of records) {
    entries.push({ path: `var/lib/dpkg/status.d/${name}`, content: text })
    const copyright = `/usr/share/doc/${name}/copyright`
    if (await isReadable(copyright)) entries.push({ path: copyright.slice(1), file: await realpath(copyright) })
  }
  return { entries, packages: records.map(({ name, version, architecture }) => ({ name, version, architecture })) }
}

function loaded(): string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { readonly sharedObjects: readonly string[] }
  // The kernel's own has no file.
  return sharedObjects.filter((path) => path.startsWith('/'))
}

const isReadable = (path: string): Promise<boolean> =>
  access(path, constants.R_OK).then(
    () => true,
    () => false,
  )

const query = async (...args: string[]): Promise<string | null> =>
  await promisify(execFile)('dpkg-query', args).then(
    ({ stdout }) => stdout,
    () => null,
  )

/** Where `/lib` is a link, some packages say that their files are below it and some that they are below `/usr/lib`. */
async function ownerOf(path: string): Promise<string | null> {
  for (const candidate of [path, `/usr${path}`, path.replace(/^\/usr/, '')]) {
    const found = await query('--search', candidate)
    const [owner] = found?.split(': ') ?? []
    if (owner !== undefined) return owner
  }
  return null
}

async function readRecord(owner: string): Promise<DebianPackage & { readonly text: string }> {
  const text = (await query('--status', owner)) ?? ''
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''
  return { name: field('Package'), version: field('Version'), architecture: field('Architecture'), text }
}

/** As `/etc/os-release` names the distribution, for example `debian-12`. */
export async function distribution(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? ''
  return `${field('ID')}-${field('VERSION_ID')}`
}
