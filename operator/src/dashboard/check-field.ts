import { DashboardError } from './dashboard-error.ts'

const UID = /^[A-Za-z0-9_-]{0,40}$/
const MAX_TITLE = 1024
const MAX_SHOWN = 200

/** @throws DashboardError */
export function checkTitle(field: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new DashboardError(`it is no dashboard: ${field} is missing, or is not a text`)
  if (value.length > MAX_TITLE) throw new DashboardError(`${field} has more than ${MAX_TITLE} characters`)
}

/** As Grafana takes them. @throws DashboardError */
export function checkUid(field: string, value: unknown): asserts value is string {
  if (typeof value === 'string' && UID.test(value)) return
  const what = typeof value === 'string' ? `${field} "${shown(value)}"` : field
  throw new DashboardError(`${what} must be at most 40 letters, digits, - and _`)
}

/** What somebody has written, in a message. */
export const shown = (text: string): string => text.slice(0, MAX_SHOWN).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
