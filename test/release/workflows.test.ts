import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { component } from '../kit/components/index.ts'
import { run } from '../kit/process/index.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const WORKFLOWS = join(ROOT, '.github/workflows')
const files = (await readdir(WORKFLOWS)).map((name) => join(WORKFLOWS, name))

interface Workflow {
  readonly permissions?: unknown
  readonly jobs: Readonly<Record<string, { readonly 'timeout-minutes'?: number; readonly steps: readonly Step[] }>>
}

interface Step {
  readonly run?: string
}

const read = async (file: string): Promise<Workflow> => parse(await readFile(file, 'utf8')) as Workflow

test('the workflows are as the forge wants them', async () => {
  expect(files.length).toBeGreaterThan(2)
  await run(await component('actionlint'), ['-no-color', ...files])
})

test.each(files)('%s: no rights but what its jobs name, and an end to each', async (file) => {
  const { permissions, jobs } = await read(file)
  expect(permissions).toEqual({ contents: 'read' })
  for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0)
})

test('each target of make that they use is there', async () => {
  const makefile = await readFile(join(ROOT, 'Makefile'), 'utf8')
  const steps = (await Promise.all(files.map(read))).flatMap(({ jobs }) =>
    Object.values(jobs).flatMap((job) => job.steps),
  )
  const targets = steps.flatMap(({ run: script = '' }) =>
    [...script.matchAll(/\bmake ([a-z-]+)/g)].map(([, name = '']) => name),
  )
  expect(targets.length).toBeGreaterThan(2)
  for (const target of targets) expect(makefile).toMatch(new RegExp(`^(?:.* )?${target}(?: .*)?:`, 'm'))
})
