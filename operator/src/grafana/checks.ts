/** What Grafana takes as the uid of a dashboard, a folder and a library panel; what has another is none. */
const UID = /^[A-Za-z0-9_-]{1,40}$/
/** Later times have no place in a line of a commit. */
const MAX_TIME = Date.UTC(9999, 11, 31)

export const isUid = (text: string): boolean => UID.test(text)

/** Milliseconds since the epoch, whole seconds; undefined for what is no time. */
export function timeIn(text: string): number | undefined {
  const time = Date.parse(text)
  return time >= 0 && time <= MAX_TIME ? Math.floor(time / 1_000) * 1_000 : undefined
}

/** The top has a name for people. */
export const folderUid = (uid: string): string => (uid === 'general' ? '' : uid)
