/** Says what would break whoever upgrades: definitions that take less than those of the last release, versions that differ. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { incompatibilities } from './crd-compatibility.ts'
import type { Definition } from './crd-compatibility.ts'
import { ROOT, versions } from './versions.ts'

const CRDS = join(ROOT, 'crds')
/** As of the last release. */
const BASELINE = join(import.meta.dirname, 'baseline')
/** Line → why it must be, for what breaks knowingly. */
const ACCEPTED = join(BASELINE, 'accepted-changes.json')

const read = (path: string): Definition => parse(readFileSync(path, 'utf8')) as Definition

function brokenDefinitions(): string[] {
  const accepted = JSON.parse(readFileSync(ACCEPTED, 'utf8')) as Readonly<Record<string, string>>
  const found = readdirSync(join(BASELINE, 'crds')).flatMap((file) => {
    const current = join(CRDS, file)
    return existsSync(current)
      ? incompatibilities(read(join(BASELINE, 'crds', file)), read(current))
      : [`${file}: the whole definition is gone`]
  })
  const stale = Object.keys(accepted).filter((line) => !found.includes(line))
  return [
    ...found
      .filter((line) => accepted[line] === undefined)
      .map(
        (line) =>
          `${line}\n  Keep it, or say in scripts/release/baseline/accepted-changes.json and CHANGELOG.md why it has to be.`,
      ),
    ...stale.map((line) => `scripts/release/baseline/accepted-changes.json: this does not happen: ${line}`),
  ]
}

function differentVersions(): string[] {
  const all = versions()
  const [first] = all
  return all
    .filter(({ version }) => version !== first?.version)
    .map(
      ({ place, version }) =>
        `${place} has ${version}, ${first?.place} has ${first?.version}: make release sets them all`,
    )
}

const problems = [...brokenDefinitions(), ...differentVersions()]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
