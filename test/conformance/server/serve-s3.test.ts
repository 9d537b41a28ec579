import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { run } from '../../kit/process/index.ts'
import { git } from '../../kit/remote/git.ts'
import { startS3 } from '../../kit/s3/index.ts'
import type { S3Server } from '../../kit/s3/index.ts'
import { COMMAND, environment, serve as startServing } from './serving.ts'
import type { Serving } from './serving.ts'

let folder: string
let s3: S3Server
const running: Serving[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-serve-s3-'))
  s3 = await startS3()
  await git(folder, folder, ['init', '-q', '-b', 'main', 'src'])
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
afterAll(async () => {
  await s3.stop()
  await rm(folder, { recursive: true, force: true })
})

async function serve(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const one = await startServing(flags, environment(s3, { HOME: folder, ...env }))
  running.push(one)
  return one.url
}
const inTree = (...args: string[]): Promise<string> => git(join(folder, 'src'), folder, args)
async function commit(text: string): Promise<string> {
  await writeFile(join(folder, 'src', 'file'), text)
  await inTree('add', 'file')
  await inTree('commit', '-q', '-m', text)
  return await inTree('rev-parse', 'HEAD')
}

test('what one process took another one gives, without the disk of the first; flags may stand in the environment', async () => {
  const at = ['--s3-bucket', s3.bucket, '--s3-endpoint', s3.endpoint, '--s3-prefix', 'git']
  const one = await serve([...at, '--data', join(folder, 'one')])
  const first = await commit('first')
  await inTree('push', '-q', `${one}/me/repo.git`, 'main')
  const other = await serve(['--data', join(folder, 'other')], {
    GITSYNC_S3_BUCKET: s3.bucket,
    GITSYNC_S3_ENDPOINT: s3.endpoint,
    GITSYNC_S3_PREFIX: 'git/',
    GITSYNC_CACHE_BYTES: '1M',
  })
  expect(running[1]?.output()).toContain(`serving s3://${s3.bucket}/git/ at http`)
  expect(await inTree('ls-remote', `${other}/me/repo.git`, 'main')).toContain(first)
  const second = await commit('second')
  await inTree('push', '-q', `${other}/me/repo.git`, 'main')
  expect(await inTree('ls-remote', `${one}/me/repo.git`, 'main')).toContain(second)
  for (const process of running.splice(0)) await process.stop()
  for (const name of ['one', 'other']) await rm(join(folder, name), { recursive: true, force: true })
  const again = await serve([...at, '--data', join(folder, 'one')])
  await git(folder, folder, ['clone', '-q', `${again}/me/repo.git`, 'copy'])
  expect(await git(join(folder, 'copy'), folder, ['log', '--format=%s'])).toBe('second\nfirst')
  expect(await git(join(folder, 'copy'), folder, ['fsck', '--strict'])).not.toMatch(/error|missing/)
})

test.each([
  [['--s3-endpoint', 'ENDPOINT'], {}, 2, /--s3-endpoint goes with --s3-bucket/],
  [['--cache-bytes', '1G'], {}, 2, /--cache-bytes goes with --s3-bucket/],
  [['--s3-bucket', 'nothing', '--s3-endpoint', 'ENDPOINT'], {}, 4, /no bucket "nothing" .* check --s3-bucket/],
  [
    ['--s3-bucket', 'BUCKET', '--s3-endpoint', 'http://127.0.0.1:1'],
    {},
    7,
    /http:\/\/127.0.0.1:1: check --s3-endpoint/,
  ],
  [['--s3-bucket', 'BUCKET', '--s3-endpoint', 'nonsense'], {}, 2, /"nonsense" is no URL .* check --s3-endpoint/],
  [['--s3-bucket', 'BUCKET', '--s3-endpoint', 'ENDPOINT', '--s3-region', 'mars-1'], {}, 2, /check --s3-region/],
  [['--s3-bucket', 'BUCKET'], {}, 2, /set AWS_REGION, or check --s3-region/],
  [
    ['--s3-bucket', 'BUCKET', '--s3-endpoint', 'ENDPOINT'],
    { AWS_SECRET_ACCESS_KEY: 'wrong-one' },
    3,
    /check AWS_SECRET_ACCESS_KEY/,
  ],
  [
    ['--s3-bucket', 'BUCKET', '--s3-endpoint', 'ENDPOINT'],
    { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    3,
    /set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
  ],
])('%j with %j ends with %i and says why', async (flags, env, exitCode, words) => {
  const args = flags.map((flag) => flag.replace('BUCKET', s3.bucket).replace('ENDPOINT', s3.endpoint))
  const ran = run(process.execPath, [COMMAND, 'serve', '--data', join(folder, 'x'), ...args], {
    env: environment(s3, { HOME: folder, ...env }),
  })
  await expect(ran).rejects.toMatchObject({ exitCode, stderr: expect.stringMatching(words) })
  // Nobody's secret stands in a message.
  await expect(ran).rejects.not.toMatchObject({ stderr: expect.stringContaining('wrong-one') })
})
