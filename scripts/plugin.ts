/**
 * `make plugin`: the kubectl plugin as it is published, in dist/: `kubectl-gitsync-VERSION.tar.gz`, which needs nothing but
 * Node, and `gitsync.yaml`, its manifest for krew's index. The same sources give the same bytes.
 */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import manifest from '../operator/package.json' with { type: 'json' }
import { bundle } from './bundle.ts'

const ROOT = new URL('..', import.meta.url).pathname
const TEMPLATE = join(ROOT, 'deploy/krew/gitsync.yaml')
const COMMAND = 'kubectl-gitsync'

export interface Plugin {
  /** The archive. */
  readonly archive: string
  /** The manifest for krew. */
  readonly manifest: string
}

/** Builds both into a folder that exists. */
export async function packPlugin(folder: string): Promise<Plugin> {
  const { version } = manifest
  const built = await mkdtemp(join(tmpdir(), 'gitsync-plugin-'))
  try {
    await bundle(COMMAND, built)
    const bytes = await archive([
      [`${COMMAND}.mjs`, await readFile(join(built, `${COMMAND}.mjs`)), 0o755],
      ['LICENSE', await readFile(join(ROOT, 'LICENSE')), 0o644],
      ...(await filesOf(built, COMMAND)),
    ])
    const plugin = { archive: join(folder, `${COMMAND}-${version}.tar.gz`), manifest: join(folder, 'gitsync.yaml') }
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const text = (await readFile(TEMPLATE, 'utf8')).replace(/^#.*\n/, '')
    await writeFile(plugin.archive, bytes)
    await writeFile(plugin.manifest, text.replaceAll('{{version}}', version).replaceAll('{{sha256}}', sha256))
    return plugin
  } finally {
    await rm(built, { recursive: true, force: true })
  }
}

type Entry = readonly [name: string, content: Buffer, mode: number]

async function filesOf(folder: string, name: string): Promise<readonly Entry[]> {
  const names = (await readdir(join(folder, name))).sort()
  return await Promise.all(
    names.map(async (file): Promise<Entry> => [`${name}/${file}`, await readFile(join(folder, name, file)), 0o644]),
  )
}

async function archive(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack()
  const bytes = buffer(tar)
  for (const [name, content, mode] of entries) tar.entry({ name, mode, mtime: new Date(0) }, content)
  tar.finalize()
  return gzipSync(await bytes, { level: 9 })
}

if (import.meta.main) {
  const dist = join(ROOT, 'dist')
  await mkdir(dist, { recursive: true })
  for (const file of Object.values(await packPlugin(dist))) console.log(file)
}
