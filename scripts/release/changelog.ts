/** The section that changes are written to before they have a version. */
const UNRELEASED = '## Unreleased'

/**
 * Gives what is unreleased a version and a date; a new empty section takes its place.
 * @param date as in `2026-11-21`
 * @throws Error where there is nothing to release, or the version is there already
 */
export function release(changelog: string, version: string, date: string): string {
  if (changelog.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md has a section ${version} already`)
  if (notes(changelog, 'Unreleased') === '') throw new Error('CHANGELOG.md says nothing under "Unreleased"')
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n\n## ${version} (${date})`)
}

/** What a section says, without its heading. @throws Error where there is no such section */
export function notes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1)
  const found = sections.find((section) => section.split(/[ \n]/, 1)[0] === version)
  if (found === undefined) throw new Error(`CHANGELOG.md has no section ${version}`)
  return found.slice(found.indexOf('\n')).trim()
}
