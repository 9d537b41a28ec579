import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { RequestOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { gitsync, startGitsync } from './test-command.ts'

let remote: Remote
let store: TestRepository
let scratch: string
let dir: string
let count = 0

beforeAll(async () => {
  remote = await startRemote()
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-clone-'))
  store = await remote.createRepository('clone.git')
  await store.commitFiles({
    a: '1',
    'docs/x.md': 'x',
    'docs/y.png': 'y',
    run: { mode: '100755', content: '#!' },
    link: { mode: '120000', content: 'a' },
  })
  await store.git('tag', 'v1')
  await store.commitFiles({ a: '2' })
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(() => {
  remote.reset()
  dir = join(scratch, String(++count))
})

const files = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()

test('writes what git checks out, and tells what it wrote', async () => {
  const ran = await gitsync(['clone', '--json', store.url, dir])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toEqual({ commit: await store.resolve('main'), files: 5, bytes: 6 })
  const twin = join(scratch, 'twin')
  await mkdir(twin)
  await store.git(`--work-tree=${twin}`, 'checkout', '-q', '-f', 'main')
  expect(await files(dir)).toEqual(await files(twin))
  for (const file of await files(twin)) {
    const [ours, theirs] = [join(dir, file), join(twin, file)]
    if (file === 'link') expect(await readlink(ours)).toBe(await readlink(theirs))
    else expect((await readFile(ours)).equals(await readFile(theirs))).toBe(true)
    expect((await lstat(ours)).mode & 0o100).toBe((await lstat(theirs)).mode & 0o100)
  }
})

test('--ref, --include and --exclude choose', async () => {
  await gitsync(['clone', store.url, dir, '--ref', 'v1', '--include', 'a', '--include', '/docs/', '--exclude', '*.png'])
  expect(await files(dir)).toEqual(['a', 'docs/x.md'])
  expect(await readFile(join(dir, 'a'), 'utf8')).toBe('1')
})

test('a folder that holds something is a conflict, unless it is to be gone on with', async () => {
  await mkdir(dir)
  await writeFile(join(dir, 'mine'), 'x')
  expect(await gitsync(['clone', store.url, dir])).toMatchObject({ code: 5, out: '' })
  expect((await gitsync(['clone', '--resume', store.url, dir])).code).toBe(0)
  expect(await files(dir)).toContain('mine')
})

test('symlinks are refused or become files when asked', async () => {
  expect(await gitsync(['clone', '--symlinks', 'refuse', store.url, dir])).toMatchObject({ code: 1 })
  expect((await gitsync(['clone', '--symlinks', 'file', store.url, dir])).code).toBe(0)
  expect((await lstat(join(dir, 'link'))).isFile()).toBe(true)
})

test('progress stands on a terminal only, and is gone at the end, errors included', async () => {
  let time = 0
  const now = (): Date => new Date((time += 1000))
  const shown = await gitsync(['clone', store.url, dir], { terminal: true, now })
  expect(shown.err).toContain('\r\u001b[K5 of 5 files, ')
  expect(shown.err.endsWith('\r\u001b[K')).toBe(true)
  expect((await gitsync(['clone', store.url, `${dir}-2`], { now })).err).toBe('')

  const failing = await remote.createRepository(`failing-${count}.git`)
  await failing.commitFiles(randomFiles(20))
  await using stalling = await stallAfter(1_000_000)
  const failed = gitsync(['clone', `${stalling.url}/${failing.name}`, `${dir}-3`], { terminal: true, now })
  await expect.poll(() => files(`${dir}-3`).catch(() => []), { timeout: 20_000 }).toContain('f0')
  stalling.cut()
  const { code, err } = await failed
  expect(code).toBe(7)
  expect(err.split('\r\u001b[K').at(-1)).toMatch(/^gitsync: [^\r\n]*\n$/)
})

test('ended by a signal it leaves no file half written, and says so', async () => {
  const big = await remote.createRepository(`big-${count}.git`)
  const contents = randomFiles(40)
  await big.commitFiles(contents)
  await using stalling = await stallAfter(1_500_000)
  const child = startGitsync(['clone', `${stalling.url}/${big.name}`, dir])
  const [said, closed] = [text(child.stderr), once(child, 'close')]
  await expect.poll(() => files(dir).catch(() => []), { timeout: 20_000 }).toContain('f0')
  child.kill('SIGINT')
  expect((await closed)[0]).toBe(130)
  expect(await said).toBe('gitsync: interrupted (SIGINT)\n')
  for (const file of await files(dir)) {
    expect(Object.keys(contents)).toContain(file)
    expect((await readFile(join(dir, file))).equals(contents[file] as Buffer)).toBe(true)
  }
})

function randomFiles(count: number): Record<string, Buffer> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, randomBytes(100_000)]))
}

/** The remote, as a connection shows it that falls silent after so many bytes of one answer. */
async function stallAfter(bytes: number) {
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming
    const onward = request(new URL(url, remote.url), { method, headers } as RequestOptions, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      let passed = 0
      answer.on('data', (chunk: Buffer) => {
        passed += chunk.length
        if (passed <= bytes) outgoing.write(chunk)
      })
      answer.on('end', () => {
        if (passed <= bytes) outgoing.end()
      })
    })
    incoming.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      server.closeAllConnections()
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
