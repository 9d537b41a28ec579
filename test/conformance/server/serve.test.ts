import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { run, startProcess } from '../../kit/process/index.ts'
import type { RunningProcess } from '../../kit/process/index.ts'
import { git } from '../../kit/remote/git.ts'

const COMMAND = join(import.meta.dirname, '../../../protocol/src/cli/gitsync.ts')

let folder: string
let running: RunningProcess | undefined
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-serve-'))
  await git(folder, folder, ['init', '-q', '-b', 'main', 'src'])
  await writeFile(join(folder, 'src', 'file'), 'text\n')
  await git(join(folder, 'src'), folder, ['add', 'file'])
  await git(join(folder, 'src'), folder, ['commit', '-q', '-m', 'first'])
})
afterEach(async () => {
  await running?.stop()
  running = undefined
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The command as people start it; gives its address. */
async function serve(...flags: string[]): Promise<string> {
  const args = [COMMAND, 'serve', '--http', '127.0.0.1:0', ...flags]
  const env = { ...process.env, XDG_DATA_HOME: join(folder, 'share') }
  running = await startProcess(process.execPath, args, { env, ready: { line: /serving .* at http:/ } })
  return /at (http:\S+)/.exec(running.output())?.[1] ?? ''
}
const inTree = (...args: string[]): Promise<string> => git(join(folder, 'src'), folder, args)

test('with nothing configured a push makes a repository; after a kill it is there; the engine reads and writes it', async () => {
  const url = await serve()
  await inTree('push', '-q', `${url}/me/repo.git`, 'main')
  running?.kill('SIGKILL')
  await running?.exited
  const again = await serve()
  await git(folder, folder, ['clone', '-q', `${again}/me/repo.git`, 'copy'])
  expect(await git(join(folder, 'copy'), folder, ['log', '--format=%s'])).toBe('first')
  const repo = openRepository(`${again}/me/repo.git`)
  const edit = await repo.edit('main')
  edit.put('deep/er/file', 'more\n')
  const date = new Date('2026-01-02T03:04:05Z')
  await edit.commit({ message: 'second', author: { name: 'Ann', email: 'ann@example.com', date } })
  await edit.push()
  await git(join(folder, 'copy'), folder, ['pull', '-q'])
  expect(await git(join(folder, 'copy'), folder, ['log', '--format=%s'])).toBe('second\nfirst')
  expect(await git(join(folder, 'copy'), folder, ['fsck', '--strict'])).not.toMatch(/error|missing/)
  expect(await readdir(join(folder, 'share', 'gitsync', 'staging'))).toEqual([])
})

test('a folder has one server', async () => {
  const data = join(folder, 'one')
  await serve('--data', data)
  const second = run(process.execPath, [COMMAND, 'serve', '--http', '127.0.0.1:0', '--data', data])
  await expect(second).rejects.toMatchObject({
    exitCode: 5,
    stderr: expect.stringMatching(/serves .*one already: end it/),
  })
})

test('tokens: who may read, who may write, and where', async () => {
  const file = join(folder, 'tokens')
  const hash = createHash('sha256').update('w-secret').digest('hex')
  await writeFile(file, `# people\nr-secret ann read\nsha256:${hash} bob write team/*\n`)
  const url = await serve('--data', join(folder, 'guarded'), '--token-file', file)
  const at = (token: string, path: string): string => url.replace('://', `://x:${token}@`) + path
  await inTree('push', '-q', at('w-secret', '/team/site.git'), 'main')
  expect(await inTree('ls-remote', at('r-secret', '/team/site.git'))).toContain('refs/heads/main')
  await expect(inTree('push', at('r-secret', '/team/site.git'), 'main')).rejects.toThrow('403')
  await expect(inTree('push', at('w-secret', '/other/site.git'), 'main')).rejects.toThrow('not found')
  for (const path of ['/team/site.git', '/team/nothing.git']) {
    await expect(inTree('ls-remote', at('wrong', path))).rejects.toThrow('Authentication failed')
    expect((await fetch(`${url}${path}/info/refs?service=git-upload-pack`)).headers.get('www-authenticate')).toMatch(
      /^Basic /,
    )
  }
})

test.each([
  [['--http', 'nonsense'], /write it as host:port/],
  [
    ['--http', '192.0.2.1:7080'],
    /^gitsync: --http 192\.0\.2\.1:7080: this machine does not have this address: name one/,
  ],
  [['--token-file', '/nonexistent'], /--token-file "\/nonexistent" cannot be read: there is no such file\n/],
  [['--data', COMMAND], /^gitsync: --data \/.*gitsync\.ts: a file is in the way: choose another folder \(EEXIST\)\n/],
])('%j is refused in words', async (flags, words) => {
  await refused(flags, words)
})

test('an address that is taken is refused in words, and the folder is given back', async () => {
  const { host } = new URL(await serve())
  const data = join(folder, 'other')
  await refused(['--data', data, '--http', host], /^gitsync: --http 127\.0\.0\.1:\d+: another process has this address/)
  expect(await readdir(data)).toEqual([])
})

async function refused(flags: readonly string[], words: RegExp): Promise<void> {
  const env = { ...process.env, XDG_DATA_HOME: join(folder, 'refused') }
  const ran = run(process.execPath, [COMMAND, 'serve', ...flags], { env })
  await expect(ran).rejects.toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) })
}
