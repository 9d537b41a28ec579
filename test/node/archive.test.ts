import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeImage } from '../../scripts/image/archive.ts'
import type { LayerEntry } from '../../scripts/image/archive.ts'
import { run } from '../kit/process/index.ts'

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-archive-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const ENTRIES: readonly LayerEntry[] = [
  { path: 'app/main.mjs', mode: 0o755, content: 'export {}\n' },
  { path: 'etc/passwd', content: 'nonroot:x:65532:65532::/:\n' },
  { path: 'lib/link', link: 'real' },
  { path: 'tmp', mode: 0o1777 },
]
const write = async (name: string, entries = ENTRIES, epoch = 1_700_000_000) => {
  const file = join(scratch, name)
  const written = await writeImage(file, { name: 'example.test/image:1', layers: [entries], config: {}, epoch })
  return { ...written, bytes: await readFile(file) }
}

test('the same content gives the same bytes, in whatever order it is given', async () => {
  const first = await write('first.tar')
  const second = await write('second.tar', ENTRIES.toReversed())
  expect(second.digest).toBe(first.digest)
  expect(second.bytes.equals(first.bytes)).toBe(true)
})

test('another content, mode or date gives another digest', async () => {
  const { digest } = await write('first.tar')
  const changed: readonly LayerEntry[] = [{ path: 'app/main.mjs', mode: 0o644, content: 'export {}\n' }]
  expect((await write('mode.tar', [...ENTRIES.slice(1), ...changed])).digest).not.toBe(digest)
  expect((await write('date.tar', ENTRIES, 1_700_000_001)).digest).not.toBe(digest)
})

test('a layer has each folder once, before what is in it, with owners and modes as they were given', async () => {
  const { bytes } = await write('first.tar')
  const index = JSON.parse((await member('first.tar', 'manifest.json')).toString()) as [{ Layers: [string] }]
  const layer = await member('first.tar', index[0].Layers[0])
  const { stdout } = await run('tar', ['-tvz', '--numeric-owner', '--full-time', '--utc'], { input: layer })
  const lines = stdout.toString().trim().split('\n')
  expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
    'drwxr-xr-x 0/0 0 2023-11-14 22:13:20 app',
    '-rwxr-xr-x 0/0 10 2023-11-14 22:13:20 app/main.mjs',
    'drwxr-xr-x 0/0 0 2023-11-14 22:13:20 etc',
    '-rw-r--r-- 0/0 26 2023-11-14 22:13:20 etc/passwd',
    'drwxr-xr-x 0/0 0 2023-11-14 22:13:20 lib',
    'lrwxrwxrwx 0/0 0 2023-11-14 22:13:20 lib/link -> real',
    'drwxrwxrwt 0/0 0 2023-11-14 22:13:20 tmp',
  ])
  expect(bytes.length % 512).toBe(0)
})

const member = async (file: string, path: string): Promise<Buffer> =>
  (await run('tar', ['-xOf', join(scratch, file), path])).stdout
