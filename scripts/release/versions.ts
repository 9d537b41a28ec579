import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = new URL('../..', import.meta.url).pathname

/** A place that holds the version of all parts: they are released together. */
interface Place {
  readonly file: string
  /** What the version stands between, as the only group; all matches are one version. */
  readonly pattern: RegExp
}

const PLACES: readonly Place[] = [
  { file: 'protocol/package.json', pattern: /(?<="version": ")[^"]+/ },
  { file: 'operator/package.json', pattern: /(?<="version": ")[^"]+/ },
  { file: 'operator/package.json', pattern: /(?<="@gitsync\/protocol": ")[^"]+/ },
  { file: 'charts/gitsync-operator/Chart.yaml', pattern: /(?<=^version: ).+/m },
  { file: 'charts/gitsync-operator/Chart.yaml', pattern: /(?<=^appVersion: ).+/m },
  { file: 'charts/gitsync-operator/Chart.yaml', pattern: /(?<=image: ghcr\.io\/gitsync-dev\/gitsync-operator:).+/ },
]

const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** What each place says. @throws Error where one says nothing */
export function versions(): { readonly place: string; readonly version: string }[] {
  return PLACES.map(({ file, pattern }) => {
    const [version] = pattern.exec(text(file)) ?? []
    if (version === undefined) throw new Error(`${file} has nothing like ${String(pattern)}`)
    return { place: file, version }
  })
}

/** Writes a version to every place. */
export function setVersions(version: string): void {
  for (const { file, pattern } of PLACES) writeFileSync(join(ROOT, file), text(file).replace(pattern, version))
}
