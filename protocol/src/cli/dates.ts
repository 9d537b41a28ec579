import { InvalidArgumentError } from 'commander'

/** A day, or a time to the minute or finer, with or without a zone (RFC 3339 and the parts of it that people write). */
const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i
/** Seconds since 1970, as git prints and reads them: `@1767225600`. */
const SECONDS = /^@(\d{1,12})$/

/**
 * A date of the command line; without a zone in the one of this machine.
 * @throws InvalidArgumentError with an example
 */
export function parseDate(text: string): Date {
  const [, seconds] = SECONDS.exec(text) ?? []
  const date = seconds === undefined ? isoDate(text) : new Date(Number(seconds) * 1000)
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('a date is needed, such as 2026-01-31, 2026-01-31T08:00:00Z or @1767225600.')
  }
  return date
}

/** A day alone begins at midnight here, not in Greenwich as `Date` takes it. A 31st of February is no date. */
function isoDate(text: string): Date | undefined {
  if (!ISO.test(text)) return undefined
  const [day = ''] = text.split(/[T ]/i)
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return undefined
  return new Date(text === day ? `${day}T00:00:00` : text.replace(' ', 'T'))
}

/** As git prints dates: in the zone of whoever wrote them. */
export function formatDate(date: Date, utcOffset = 0): string {
  const local = new Date(date.getTime() + utcOffset * 60_000)
  if (Number.isNaN(local.getTime())) return 'Thu Jan 1 00:00:00 1970 +0000'
  const [weekday, day, month, year, time] = local.toUTCString().replace(',', '').split(' ')
  return `${weekday} ${month} ${Number(day)} ${time} ${year} ${zone(utcOffset)}`
}

/** RFC 3339, the zone kept; null for a date that no calendar holds. */
export function isoWithZone(date: Date, utcOffset = 0): string | null {
  const local = new Date(date.getTime() + utcOffset * 60_000)
  if (Number.isNaN(local.getTime())) return null
  const time = local.toISOString().slice(0, -'.000Z'.length)
  return utcOffset === 0 ? `${time}Z` : `${time}${zone(utcOffset).replace(/..$/, ':$&')}`
}

function zone(utcOffset: number): string {
  const minutes = Math.abs(utcOffset)
  const digits = Math.floor(minutes / 60) * 100 + (minutes % 60)
  return `${utcOffset < 0 ? '-' : '+'}${String(digits).padStart(4, '0')}`
}
