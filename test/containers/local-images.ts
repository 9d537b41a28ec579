/** Images that the tests need and no registry gives here: made from what this machine has. */
import { readdir, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { writeImage } from '../../scripts/image/archive.ts'
import type { LayerEntry } from '../../scripts/image/archive.ts'
import { libraryFiles, nodeFiles } from '../../scripts/image/root-files.ts'
import { component } from '../kit/components/index.ts'
import { run } from '../kit/process/index.ts'

/** In the Dockerfile's words; a local image of this name is used where the registry's cannot be had. */
export const BUILD_BASE = 'node:24-bookworm-slim'
export const GITEA = 'gitsync.test/gitea:1'

/** A base to build on: a shell, Node, npm, and whom this machine trusts. */
export async function writeBuildBase(file: string, usr: string): Promise<void> {
  const npm = dirname(dirname(await realpath(await which('npm'))))
  const trusted = process.env['NODE_EXTRA_CA_CERTS']
  const { entries: libraries } = await libraryFiles()
  await writeImage(file, {
    name: `docker.io/library/${BUILD_BASE}`,
    layers: [
      [
        ...shell(usr),
        ...(await nodeFiles()),
        ...libraries.filter(({ path }) => !path.startsWith('var/lib/dpkg')),
        ...(await tree(npm, 'usr/local/lib/node_modules/npm')),
        { path: 'usr/local/bin/npm', link: '../lib/node_modules/npm/bin/npm-cli.js' },
        ...(trusted === undefined ? [] : [{ path: 'etc/ssl/certs/ca-certificates.crt', file: trusted }]),
      ],
    ],
    config: {
      Cmd: ['node'],
      Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'],
    },
  })
}

const GIT_CORE = '/usr/lib/git-core'

/** Gitea as the component is built, with the machine's git and bash, which its hooks are written for. */
export async function writeGitea(file: string, usr: string): Promise<void> {
  const gitea = await component('gitea')
  const programs = [await which('git'), await which('bash'), `${GIT_CORE}/git-http-backend`, gitea]
  const assets = await Promise.all(
    ['templates', 'options', 'public'].map((folder) => tree(join(dirname(gitea), folder), `gitea/${folder}`)),
  )
  await writeImage(file, {
    name: GITEA,
    layers: [
      [
        ...shell(usr),
        ...(await sharedLibraries(programs)),
        ...programs
          .slice(0, 2)
          .map((program) => ({ path: `usr/bin/${basename(program)}`, mode: 0o755, file: program })),
        ...(await tree(GIT_CORE, GIT_CORE.slice(1))),
        ...(await tree('/usr/share/git-core', 'usr/share/git-core')),
        { path: 'etc/passwd', content: 'git:x:1000:1000:git:/data:/bin/sh\n' },
        { path: 'etc/group', content: 'git:x:1000:\n' },
        { path: 'tmp', mode: 0o1777 },
        { path: 'data', uid: 1000, gid: 1000 },
      ],
      [{ path: 'gitea/gitea', mode: 0o755, file: gitea }, ...assets.flat()],
    ],
    config: {
      Entrypoint: ['/gitea/gitea'],
      Env: ['PATH=/usr/bin:/bin', 'HOME=/data', 'USER=git', 'GITEA_WORK_DIR=/data', 'TZ=UTC'],
      User: '1000:1000',
      WorkingDir: '/data',
    },
  })
}

const BUSYBOX = ['sh', 'cat', 'cp', 'env', 'ls', 'mkdir', 'rm', 'sed', 'grep', 'dirname', 'basename', 'uname', 'sleep']

const shell = (usr: string): LayerEntry[] => [
  { path: 'bin/busybox', mode: 0o755, file: join(usr, 'bin/busybox') },
  ...BUSYBOX.map((name) => ({ path: `bin/${name}`, link: 'busybox' })),
  { path: 'usr/bin/env', link: '../../bin/busybox' },
]

async function which(program: string): Promise<string> {
  return (await run('/bin/sh', ['-c', `command -v ${program}`])).stdout.toString().trim()
}

async function sharedLibraries(programs: readonly string[]): Promise<LayerEntry[]> {
  const { stdout } = await run('ldd', programs)
  const paths = new Set([...stdout.toString().matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path = '']) => path))
  return Promise.all([...paths].map(async (path) => ({ path: path.slice(1), mode: 0o755, file: await realpath(path) })))
}

/** A folder with all below it. */
async function tree(from: string, to: string): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = []
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    const source = join(entry.parentPath, entry.name)
    const path = to + source.slice(from.length)
    if (entry.isSymbolicLink()) entries.push({ path, link: await readlink(source) })
    else if (entry.isFile()) entries.push({ path, mode: 0o755, file: source })
  }
  return entries
}
