/** The kubectl plugin as krew would install it: by its manifest, from its archive, with nothing beside it. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import operator from '../../operator/package.json' with { type: 'json' }
import { packPlugin } from '../../scripts/plugin.ts'
import type { Plugin } from '../../scripts/plugin.ts'
import { component } from '../kit/components/index.ts'
import { run } from '../kit/process/index.ts'

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly version: string
    readonly homepage: string
    readonly shortDescription: string
    readonly description: string
    readonly platforms: readonly {
      readonly uri: string
      readonly sha256: string
      readonly bin: string
      readonly files?: readonly object[]
      readonly selector: {
        readonly matchExpressions: readonly {
          readonly key: string
          readonly operator: string
          readonly values: readonly string[]
        }[]
      }
    }[]
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

// As krew's own validation has them (pkg/index/validation of kubernetes-sigs/krew), and its guide for the index.
test('the manifest keeps the rules of krew', () => {
  expect(manifest).toMatchObject({ apiVersion: 'krew.googlecontainertools.github.com/v1alpha2', kind: 'Plugin' })
  expect(plugin.manifest.endsWith(`/${manifest.metadata.name}.yaml`)).toBe(true)
  expect(manifest.metadata.name).toMatch(/^[\w-]+$/)
  const { version, shortDescription, homepage, platforms } = manifest.spec
  expect(version).toBe(`v${operator.version}`)
  expect(version).toMatch(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/)
  expect(shortDescription).not.toMatch(/\n/)
  expect(shortDescription.length).toBeLessThanOrEqual(50)
  expect(homepage).toMatch(/^https:/)
  expect(platforms.length).toBeGreaterThan(0)
  for (const { uri, sha256, bin, files, selector } of platforms) {
    expect(uri).toMatch(/^https:.*\.tar\.gz$/)
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(bin).toMatch(/^(?!\/)(?!.*\.\.)[\w./-]+$/)
    expect(files === undefined || files.length > 0).toBe(true)
    for (const { key, operator: how, values } of selector.matchExpressions) {
      expect(['os', 'arch']).toContain(key)
      expect(['In', 'NotIn']).toContain(how)
      expect(values.length).toBeGreaterThan(0)
    }
  }
  expect(JSON.stringify(manifest)).not.toContain('{{')
})

test('the archive is the one that the manifest names, and kubectl runs what krew links', async () => {
  const [platform] = manifest.spec.platforms
  const bytes = await readFile(plugin.archive)
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(platform?.sha256)
  expect(platform?.uri.endsWith(plugin.archive.split('/').at(-1) ?? '?')).toBe(true)
  const store = join(folder, 'store')
  const bin = join(folder, 'bin')
  await Promise.all([mkdir(store), mkdir(bin)])
  await run('tar', ['-xzf', plugin.archive, '-C', store])
  await symlink(join(store, platform?.bin ?? ''), join(bin, 'kubectl-gitsync'))
  const env = { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder }
  const { stdout } = await run(await component('kubectl'), ['gitsync', '--version'], { env })
  expect(stdout.toString()).toBe(`${operator.version}\n`)
  const help = await run(await component('kubectl'), ['gitsync', 'diff', '--help'], { env })
  expect(help.stdout.toString()).toContain('Usage: kubectl gitsync diff')
  for (const file of ['LICENSE', 'kubectl-gitsync/THIRD-PARTY-LICENSES']) {
    expect((await readFile(join(store, file), 'utf8')).length).toBeGreaterThan(1000)
  }
})

test('the same sources give the same bytes', async () => {
  const again = await mkdtemp(join(tmpdir(), 'gitsync-krew-'))
  try {
    expect((await readFile((await packPlugin(again)).archive)).equals(await readFile(plugin.archive))).toBe(true)
  } finally {
    await rm(again, { recursive: true, force: true })
  }
})
