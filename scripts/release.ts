/**
 * `make release VERSION=x.y.z`: prepares a release in the work tree: one version everywhere, its section in the changelog,
 * generated files, and the definitions and the chart that the next release is compared with. Nothing is published: the
 * workflow does that for a tag. `--notes VERSION` prints the section of a version.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { notes, release } from './release/changelog.ts'
import { ROOT, setVersions } from './release/versions.ts'

const CHANGELOG = join(ROOT, 'CHANGELOG.md')
/** What the next release is compared with. */
const BASELINE = join(ROOT, 'scripts/release/baseline')
/** Semantic versioning, with an optional pre-release. */
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

function run(program: string, ...args: readonly string[]): void {
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} has failed`)
}

function prepare(version: string): void {
  const changelog = release(readFileSync(CHANGELOG, 'utf8'), version, new Date().toISOString().slice(0, 10))
  // What has been broken knowingly is the rule from now on.
  run('node', 'scripts/release/check.ts')
  setVersions(version)
  writeFileSync(CHANGELOG, changelog)
  run('npm', 'install', '--package-lock-only', '--no-audit', '--no-fund')
  run('make', 'manifests')
  run('node', 'scripts/chart-package.ts')
  for (const file of readdirSync(join(ROOT, 'crds')).filter((name) => name.endsWith('.yaml'))) {
    copyFileSync(join(ROOT, 'crds', file), join(BASELINE, 'crds', file))
  }
  copyFileSync(join(ROOT, `dist/gitsync-operator-${version}.tgz`), join(BASELINE, 'gitsync-operator.tgz'))
  writeFileSync(join(BASELINE, 'accepted-changes.json'), '{}\n')
  console.log(`\n${version} is prepared. Look at the difference, run make test and make test-long, then:
  git commit -am 'release: ${version}' && git tag -s v${version} -m ${version} && git push --follow-tags`)
}

const [first = '', second = ''] = process.argv.slice(2)
try {
  if (first === '--notes') console.log(notes(readFileSync(CHANGELOG, 'utf8'), second))
  else if (VERSION.test(first)) prepare(first)
  else throw new Error(`VERSION must be a semantic version such as 0.2.0, not ${JSON.stringify(first)}`)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
