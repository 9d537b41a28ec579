/** The kubectl plugin as it is published: installed from its archive, by krew and by hand, with nothing beside it. */
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import operator from '../../operator/package.json' with { type: 'json' }
import { packPlugin } from '../../scripts/plugin.ts'
import type { Plugin } from '../../scripts/plugin.ts'
import { component } from '../kit/components/index.ts'
import { run } from '../kit/process/index.ts'

/** What krew's own check leaves to its index. */
interface Manifest {
  readonly spec: {
    readonly version: string
    readonly homepage: string
    readonly shortDescription: string
    readonly platforms: readonly { readonly uri: string }[]
  }
}

let folder: string
let plugin: Plugin
let manifest: Manifest
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-krew-'))
  plugin = await packPlugin(folder)
  manifest = parse(await readFile(plugin.manifest, 'utf8')) as Manifest
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the manifest keeps the rules of krew, and of its index', async () => {
  await run(await component('validate-krew-manifest'), ['-manifest', plugin.manifest, '-skip-install'])
  const { version, homepage, shortDescription, platforms } = manifest.spec
  expect(version).toBe(`v${operator.version}`)
  expect(homepage).toMatch(/^https:/)
  expect(shortDescription.length).toBeLessThanOrEqual(50)
  expect(platforms.map(({ uri }) => basename(uri))).toEqual(platforms.map(() => basename(plugin.archive)))
  expect(JSON.stringify(manifest)).not.toContain('{{')
})

test.each(['linux', 'darwin'])('krew installs it on %s, kubectl runs it, and krew takes it away', async (os) => {
  const root = join(folder, os)
  const own = join(root, 'own')
  await mkdir(own, { recursive: true })
  await symlink(await component('krew'), join(own, 'kubectl-krew'))
  const env = { KREW_ROOT: join(root, 'krew'), KREW_OS: os, KREW_ARCH: 'arm64', KREW_NO_UPGRADE_CHECK: '1' }
  const bin = join(env.KREW_ROOT, 'bin')
  const kubectl = (...args: readonly string[]) => onPath([own, bin], args, env)
  // Without an index krew uninstalls nothing.
  await run('git', ['init', '--quiet', join(env.KREW_ROOT, 'index/default')])
  await kubectl('krew', 'install', `--manifest=${plugin.manifest}`, `--archive=${plugin.archive}`)
  expect(await readdir(bin)).toEqual(['kubectl-gitsync'])
  expect(await kubectl('gitsync', '--help')).toContain('Usage: kubectl gitsync')
  const store = join(env.KREW_ROOT, 'store/gitsync', manifest.spec.version)
  for (const file of ['LICENSE', 'kubectl-gitsync/THIRD-PARTY-LICENSES']) {
    expect((await readFile(join(store, file), 'utf8')).length).toBeGreaterThan(1000)
  }
  await kubectl('krew', 'uninstall', 'gitsync')
  expect(await readdir(bin)).toEqual([])
})

test('unpacked and linked by hand it runs as well', async () => {
  const store = join(folder, 'store')
  const bin = join(folder, 'bin')
  await Promise.all([mkdir(store), mkdir(bin)])
  await run('tar', ['-xzf', plugin.archive, '-C', store])
  await symlink(join(store, 'kubectl-gitsync.mjs'), join(bin, 'kubectl-gitsync'))
  expect(await onPath([bin], ['gitsync', '--version'])).toBe(`${operator.version}\n`)
  expect(await onPath([bin], ['gitsync', 'diff', '--help'])).toContain('Usage: kubectl gitsync diff')
})

/** What kubectl prints that finds its plugins in these folders. */
async function onPath(bins: readonly string[], args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { PATH: [...bins, dirname(process.execPath), '/usr/bin', '/bin'].join(':'), HOME: folder, ...more }
  return (await run(await component('kubectl'), args, { env })).stdout.toString()
}

test('the same sources give the same bytes', async () => {
  const again = await mkdtemp(join(tmpdir(), 'gitsync-krew-'))
  try {
    expect((await readFile((await packPlugin(again)).archive)).equals(await readFile(plugin.archive))).toBe(true)
  } finally {
    await rm(again, { recursive: true, force: true })
  }
})
