/** The audit command on a branch of 100,000 commits by 200 tenants: who changed one value in a month, and all of a file's history. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../kit/process/index.ts'
import { START, useLongBranch } from './long-branch.ts'

const AUDIT = join(import.meta.dirname, '../../operator/src/cli/gitsync-audit.ts')
const PATH = 'clusters/prod/tenant-7/configmap/settings-3.yaml'
const MONTH = 30 * 24 * 3_600
/** Goals: a minute for either, and what a host that counts requests allows within it. */
const MAX_MS = 60_000
const MAX_REQUESTS = 60
const long = useLongBranch()

const since = `@${START + MONTH}`
const until = `@${START + 2 * MONTH}`

test.each<readonly [name: string, flags: readonly string[], ofGit: readonly string[]]>([
  ['all of one file in four folders', [], []],
  [
    'one value of it, in a month',
    ['--field', 'data.value', '--since', since, '--until', until],
    [`--since=${since}`, `--until=${until}`],
  ],
])('%s: what git log says, within a minute', async (name, flags, ofGit) => {
  const { remote, store } = long
  remote.reset()
  const began = performance.now()
  const { stdout } = await run(process.execPath, [AUDIT, store.url, 'main', '--path', PATH, ...flags, '--json'], {
    env: process.env,
  })
  const ms = Math.round(performance.now() - began)
  console.log(`${name}: ${ms} ms, ${remote.requests.length} requests`)
  const told = JSON.parse(stdout.toString()) as { readonly commit: string; readonly field?: { readonly to: string } }[]
  const expected = (await store.git('log', '--format=%H', ...ofGit, 'main', '--', PATH)).split('\n')
  expect(told.map(({ commit }) => commit)).toEqual(expected)
  if (flags.length > 0)
    for (const { field } of told) expect(field).toMatchObject({ to: expect.stringMatching(/^"\d+"$/) })
  expect(remote.requests.length).toBeLessThanOrEqual(MAX_REQUESTS)
  expect(ms).toBeLessThan(MAX_MS)
})
