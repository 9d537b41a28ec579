import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../test/kit/process/index.ts'
import { buildPackage } from './package.ts'

const ROOT = new URL('..', import.meta.url).pathname
let project: string
let installed: string
let version: string

// Below the work tree, where the package's dependencies are found.
beforeAll(async () => {
  await mkdir(join(ROOT, 'dist'), { recursive: true })
  project = await mkdtemp(join(ROOT, 'dist/project-'))
  installed = join(project, 'node_modules/@gitsync/protocol')
  version = await buildPackage(installed)
}, 120_000)
afterAll(() => rm(project, { recursive: true, force: true }))

test('every file that the package names is in it, and no TypeScript source', async () => {
  const manifest = await readFile(join(installed, 'package.json'), 'utf8')
  const named = [...manifest.matchAll(/"(\.\/dist\/[^"*]+)"/g)].map(([, path = '']) => path)
  expect(named.length).toBeGreaterThan(8)
  for (const path of named) expect((await readFile(join(installed, path))).length).toBeGreaterThan(0)
  expect(manifest).not.toContain('/src/')
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: installed })
  const [{ files }] = JSON.parse(stdout.toString()) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  expect(paths.filter((path) => /(?<!\.d)\.ts$|\.test\.|test-command/.test(path))).toEqual([])
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/edge.js', 'dist/index.d.ts']))
})

test('plain Node reads and writes with it, and runs its command', async () => {
  const script = join(project, 'use.mjs')
  await writeFile(
    script,
    `import { openRepository } from '@gitsync/protocol'
import { memoryRemote } from '@gitsync/protocol/testing'
import { sshSigner } from '@gitsync/protocol/sign'
import { diskStore } from '@gitsync/protocol/node'
const remote = memoryRemote()
const repo = openRepository('https://git.example.com/a.git', { transport: remote.transport })
const edit = await repo.edit('main')
edit.put('a.txt', 'hello')
await edit.commit({ message: 'm', author: { name: 'Ann', email: 'ann@example.com', date: new Date(0) } })
await edit.push()
console.log((await repo.file('main', 'a.txt')).bytes.toString(), typeof sshSigner, typeof diskStore)
`,
  )
  expect((await run(process.execPath, [script])).stdout.toString()).toBe('hello function function\n')
  const { bin } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { bin: { gitsync: string } }
  const command = join(installed, bin.gitsync)
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` }
  expect((await run(command, ['--version'], { env })).stdout.toString().trim()).toBe(version)
})

test('its types are complete for whoever checks libraries as well', async () => {
  await writeFile(
    join(project, 'use.ts'),
    `import { openRepository, isGitError } from '@gitsync/protocol'
import type { Change } from '@gitsync/protocol'
import { memoryRemote } from '@gitsync/protocol/testing'
const { transport } = memoryRemote()
const url = 'https://git.example.com/a.git'
const changes: Promise<Change[]> = openRepository(url, { transport }).compare('v1', 'main', { renames: true })
changes.catch((error: unknown) => isGitError(error, 'RefNotFound'))
// @ts-expect-error there is no such option
openRepository(url, { transports: transport })
`,
  )
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'es2024',
        lib: ['es2024', 'esnext'],
        types: ['node'],
        noEmit: true,
      },
      files: ['use.ts'],
    }),
  )
  await run('tsc', ['-p', project])
}, 60_000)
