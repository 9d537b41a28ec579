/** `make check`: what a machine can say about the sources without running them. All checks run; any failure fails. */
import { spawnSync } from 'node:child_process'

const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['types', ['tsc', '--noEmit']],
  ['lint', ['oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['oxfmt', '--check']],
  ['dead exports', ['knip']],
  ['reference pages', ['node', 'scripts/reference.ts', '--check']],
  ['chart', ['node', 'scripts/chart.ts', '--check']],
  ['public API', ['node', 'scripts/api-report.ts', '--check']],
  ['release', ['node', 'scripts/release/check.ts']],
  ['crds', ['vitest', 'run', 'operator/src/api/crds.test.ts']],
]

export function check(): boolean {
  let passed = true
  for (const [name, [program = '', ...args]] of CHECKS) {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`)
    if (status === 0) continue
    passed = false
    console.log(stdout + stderr)
  }
  return passed
}

if (import.meta.main) process.exitCode = check() ? 0 : 1
