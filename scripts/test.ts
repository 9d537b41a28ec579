/**
 * `make test` and `make test-long`: checks, then suites. A new machine builds its components in the background while the
 * suites that need none run.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SUITES } from '../test/suites.ts'
import type { Suite } from '../test/suites.ts'
import { check } from './check.ts'

/** Files at a time. Those that start servers wait for them half of their time, so that two processors keep three going. */
const AT_A_TIME: Readonly<Record<Suite['tier'], number>> = { quick: 2, real: 3, long: 2 }

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const long = process.argv.includes('--long')
const skip = new Set((process.env['SKIP'] ?? '').split(',').filter((name) => name !== ''))
const counts: Counts = { passed: 0, failed: 0, skipped: 0 }

function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

async function runSuites(tier: Suite['tier']): Promise<boolean> {
  const suites = SUITES.filter((suite) => suite.tier === tier && !skip.has(suite.name))
  if (suites.length === 0) return true
  const scratch = mkdtempSync(join(tmpdir(), 'gitsync-test-'))
  const report = join(scratch, 'report.json')
  const projects = suites.flatMap(({ name }) => ['--project', name])
  const code = await run('vitest', [
    'run',
    ...projects,
    `--maxWorkers=${AT_A_TIME[tier]}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${report}`,
  ])
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<
      string,
      number
    >
    counts.passed += numPassedTests ?? 0
    counts.failed += numFailedTests ?? 0
    counts.skipped += numPendingTests ?? 0
  } catch {
    counts.failed += 1
  }
  rmSync(scratch, { recursive: true, force: true })
  return code === 0
}

async function main(): Promise<number> {
  const unknown = [...skip].filter((name) => !SUITES.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(`SKIP=${unknown.join(',')}: no such suite; there are ${SUITES.map(({ name }) => name).join(', ')}`)
    return 2
  }
  if (skip.size > 0 && process.env['CI'] === 'true') {
    console.error('SKIP is refused where CI=true: a suite that is left out proves nothing')
    return 2
  }
  const needsComponents = SUITES.some(({ name, tier }) => tier !== 'quick' && !skip.has(name))
  const components = needsComponents
    ? run('node', ['test/kit/components/install.ts', ...(long ? ['--long'] : [])])
    : Promise.resolve(0)
  const results = [check(), await runSuites('quick')]
  if ((await components) !== 0) {
    console.error(
      'a component cannot be had: run `make components` for details, or leave its suites out with SKIP=name',
    )
    return 1
  }
  results.push(await runSuites('real'))
  if (long) results.push(await runSuites('long'))
  if (skip.size > 0) console.log(`left out by SKIP: ${[...skip].join(', ')}`)
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  const incomplete = process.env['CI'] === 'true' && counts.skipped > 0
  if (incomplete) console.error('a test was skipped: that is a failure where CI=true')
  return results.every(Boolean) && !incomplete ? 0 : 1
}

process.exitCode = await main()
