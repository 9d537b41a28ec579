/** Which version of a dashboard a commit holds, as its last lines say. */
import type { DashboardVersion } from './grafana.ts'

const NAME = 'Gitsync-Source'
const LINE = new RegExp(String.raw`^${NAME}: (\S+) version (\d{1,15}) of (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$`, 'gm')

/** Where people look at a dashboard. */
export const pageOf = ({ url, uid }: { readonly url: string; readonly uid: string }): string =>
  `${url.replace(/\/+$/, '')}/d/${uid}`

/** As Grafana itself spells times. @param time milliseconds since the epoch */
export const spelt = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`

/** @param page see {@link pageOf} */
export const sourceTrailer = (page: string, { version, savedAt }: DashboardVersion): string =>
  `${NAME}: ${page} version ${version} of ${spelt(savedAt)}`

/** What versions a message names, by page; of one page the last. */
export function readSourceTrailers(message: string): ReadonlyMap<string, DashboardVersion> {
  const found = new Map<string, DashboardVersion>()
  for (const [, page = '', version = '', time = ''] of message.matchAll(LINE))
    found.set(page, { version: Number(version), savedAt: Date.parse(time) })
  return found
}

export const isSameVersion = (a: DashboardVersion | undefined, b: DashboardVersion | undefined): boolean =>
  a !== undefined && a.version === b?.version && a.savedAt === b.savedAt
