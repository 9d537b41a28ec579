/** How much is taken of what a Grafana says, and in which form. */
import { ForgeError } from '../forge/forge-error.ts'
import type { DashboardVersion } from './grafana.ts'

/** Characters of a name and of a message that are taken: a save's message is a line or a page. */
export const MAX_NAME = 256
const MAX_MESSAGE = 16_384
/** Version numbers and times beyond have no place in a line of a commit. */
const MAX_VERSION = 1e15 - 1
const MAX_TIME = Date.UTC(9999, 11, 31)

/** What Grafana takes as the uid of a dashboard, a folder and a library panel; what has another is none. */
const UID = /^[A-Za-z0-9_-]{1,40}$/

export const isUid = (text: string): boolean => UID.test(text)

/** The top has a name for people. */
export const takenFolder = (uid: string): string => uid.replace(/^general$/, '')

/** Without what no commit can hold, and what would hide the rest of it. */
export const takenMessage = (text: string): string =>
  text
    .slice(0, MAX_MESSAGE)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]+/gu, ' ')

export const takenTags = (tags: readonly unknown[]): readonly string[] => tags.filter((tag) => typeof tag === 'string')

/** Milliseconds since the epoch, whole seconds; undefined for what is no time. */
export function takenTime(text: string): number | undefined {
  const time = Date.parse(text)
  return time >= 0 && time <= MAX_TIME ? Math.floor(time / 1_000) * 1_000 : undefined
}

/** @param fields what number and time are called, for messages. @throws ForgeError `Malformed` */
export function takenVersion(
  version: number,
  time: string,
  fields: { readonly version: string; readonly time: string },
): DashboardVersion {
  if (version < 0 || version > MAX_VERSION)
    throw new ForgeError('Malformed', `${fields.version}: a number of a version was expected`)
  const savedAt = takenTime(time)
  if (savedAt === undefined) throw new ForgeError('Malformed', `${fields.time}: a time was expected`)
  return { version, savedAt }
}
