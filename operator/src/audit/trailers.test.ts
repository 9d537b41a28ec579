import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../../test/kit/process/index.ts'
import { addTrailers, trailerLines, TRAILERS } from '../render/trailers.ts'
import { trailersOf } from './trailers.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trailers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What git itself takes for trailers. */
async function byGit(message: string): Promise<string[]> {
  const args = ['interpret-trailers', '--parse', '--no-divider']
  const env = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' }
  const { stdout } = await run('git', args, { input: message, cwd: folder, env })
  return stdout.toString().split('\n').filter(Boolean)
}

const ours = (message: string): string[] => trailersOf(message).map(({ name, value }) => `${name}: ${value}`)

const line = fc.constantFrom(
  'Object: ConfigMap/shop/settings',
  'Changed-by: ann@example.com',
  'changed-via : kubectl',
  'Signed-off-by: Ann <ann@example.com>',
  '(cherry picked from commit 1234)',
  'some text',
  'a url: http://example.com',
  '  continued',
  ' Key: in front',
  'Empty:',
  '',
  '',
)

test('trailers are where git finds them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 8 }), async (lines) => {
      const message = `Update 2 objects\n\n${lines.join('\n')}\n`
      expect(ours(message), message).toEqual((await byGit(message)).map((one) => one.trimEnd()).map(spaced))
    }),
    { numRuns: 60, seed: 5 },
  )
})

/** Git prints no blank behind the colon of an empty value. */
const spaced = (text: string): string => (text.endsWith(':') ? `${text} ` : text)

test('what the operator writes is read again, and the subject is never one', async () => {
  const changes = [
    { object: 'Deployment.apps/shop/web', by: 'ann', via: 'kubectl-edit', version: '7' },
    { object: 'ClusterRole.rbac.authorization.k8s.io//a/b c', by: 'ann' },
  ]
  const lines = trailerLines(TRAILERS, { changes, cluster: 'c-1' })
  const message = addTrailers('Update 2 objects\n\n- text\n', lines)
  expect(ours(message)).toEqual(lines)
  expect(await byGit(message)).toEqual(lines)
  expect(ours('Object: ConfigMap/shop/settings\n')).toEqual([])
})
