import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../process/index.ts'
import { component, ComponentError } from './index.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'components-test-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const script = async (path: string, body: string): Promise<string> => {
  await mkdir(dirname(join(scratch, path)), { recursive: true })
  await writeFile(join(scratch, path), `#!/bin/bash\n${body}\n`)
  await chmod(join(scratch, path), 0o755)
  return join(scratch, path)
}
const system = process.env['PATH'] ?? ''
const look = (name: Parameters<typeof component>[0], env: NodeJS.ProcessEnv, progress: string[] = []) =>
  component(name, {
    env: { PATH: '/usr/bin:/bin', HOME: scratch, GITSYNC_COMPONENTS: join(scratch, 'cache'), ...env },
    recipes: join(scratch, 'recipes'),
    onProgress: (text) => progress.push(text),
  })
const recipe = async (name: string, body: string) => {
  await script('recipes/lib.sh', await readFile(join(here, 'lib.sh'), 'utf8'))
  await script(`recipes/${name}.sh`, `. "$(dirname "$0")/lib.sh"\nbuild() {\n${body}\n}\ncomponent ${name} v1 1 build`)
}

test('the own variable comes first, and a wrong one is an error rather than passed over', async () => {
  const own = await script('own/server', '')
  expect(await look('etcd', { GITSYNC_ETCD: own, KUBEBUILDER_ASSETS: '/nowhere' })).toBe(own)
  await expect(look('etcd', { GITSYNC_ETCD: '/nowhere/etcd' })).rejects.toThrow('GITSYNC_ETCD=/nowhere/etcd is not')
})

test('then $KUBEBUILDER_ASSETS', async () => {
  const kubectl = await script('assets/kubectl', '')
  expect(await look('kubectl', { KUBEBUILDER_ASSETS: join(scratch, 'assets') })).toBe(kubectl)
})

test.each([
  ['etcd', 'etcd', '3.5.12', false],
  ['etcd', 'etcd', '3.5.13', true],
  ['etcd', 'etcd', '3.6.0', true],
  ['etcd34', 'etcd34', '3.4.30', true],
  ['etcd34', 'etcd34', '3.4.31', false],
  ['kubectl', 'kube', '1.32.4', false],
  ['kubectl', 'kube', '1.35.0', true],
] as const)('then PATH: %s by recipe %s, version %s: %s', async (name, recipeName, version, fits) => {
  const file = name === 'kubectl' ? 'kubectl' : 'etcd'
  const printed = name === 'kubectl' ? `{"gitVersion": "v${version}"}` : `etcd Version: ${version}`
  const found = await script(`${name}-${version}/${file}`, `echo '${printed}'`)
  await recipe(recipeName, `touch "$1/${file}"; chmod +x "$1/${file}"`)
  const path = await look(name, { PATH: `${dirname(found)}:/usr/bin:/bin` })
  expect(path === found).toBe(fits)
})

test('then the cache, and the recipe runs once', async () => {
  await recipe('gitea', `echo noise; echo run >>"${scratch}/runs"; touch "$1/gitea"; chmod +x "$1/gitea"`)
  const progress: string[] = []
  const [first, second] = await Promise.all([look('gitea', {}, progress), look('gitea', {})])
  expect([first, second, await look('gitea', {})]).toEqual(Array(3).fill(join(scratch, 'cache/gitea-v1/gitea')))
  expect(await readFile(join(scratch, 'runs'), 'utf8')).toBe('run\n')
  expect(progress.join('')).toMatch(/gitea v1/)
})

test('a failed step fails the recipe, keeps nothing, and the message names the remedy', async () => {
  await recipe('gitea', 'echo "no such module"; false; touch "$1/gitea"; chmod +x "$1/gitea"')
  const failure = look('gitea', { GITSYNC_COMPONENTS: join(scratch, 'other') })
  await expect(failure).rejects.toBeInstanceOf(ComponentError)
  await expect(failure).rejects.toThrow('node test/kit/components/install.ts gitea')
  await expect(failure).rejects.toThrow('GITSYNC_GITEA')
  await expect(failure).rejects.toThrow('no such module')
  await expect(run('ls', ['-A', join(scratch, 'other')]).then((r) => r.stdout.toString())).resolves.toBe(
    'gitea-v1.lock\ngitea-v1.log\n',
  )
})

test('a missing tool is named', async () => {
  const bin = join(scratch, 'bin')
  await mkdir(bin, { recursive: true })
  for (const tool of ['bash', 'mkdir', 'flock', 'date', 'rm', 'mktemp', 'tail', 'dirname']) {
    const { stdout } = await run('which', [tool], { env: { PATH: system } })
    await run('ln', ['-s', stdout.toString().trim(), join(bin, tool)])
  }
  await expect(
    component('gitea', {
      env: { PATH: bin, HOME: scratch, GITSYNC_COMPONENTS: join(scratch, 'bare') },
      onProgress() {},
    }),
  ).rejects.toThrow('go is missing: install Go')
})

test('the command prints where things are, and refuses unknown names', async () => {
  const own = await script('own/server', '')
  const install = (...names: string[]) =>
    run(process.execPath, [join(here, 'install.ts'), ...names], { env: { PATH: system, GITSYNC_ETCD: own } })
  expect((await install('etcd')).stdout.toString()).toBe(`etcd ${own}\n`)
  await expect(install('nonsense')).rejects.toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('no component nonsense: use etcd, '),
  })
})
