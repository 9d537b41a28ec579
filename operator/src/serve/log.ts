import pino from 'pino'
import type { DestinationStream, Logger } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const isLogLevel = (text: string): text is LogLevel => LOG_LEVELS.some((level) => level === text)

/**
 * One JSON object for each line; objects of the cluster as `{"namespace":…,"name":…}`. What looks like a login is
 * blotted out on the way, whoever let it through.
 * @param destination default standard output
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: null, hooks: { streamWrite: blotOut } }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** @param name namespace/name */
export function gitsyncRef(name: string): { readonly namespace: string; readonly name: string } {
  const slash = name.indexOf('/')
  return { namespace: name.slice(0, slash), name: name.slice(slash + 1) }
}

/** Of a URL what stands before the host, and of a header what follows the scheme. */
const LOGINS = /(?<=\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s"'\\@]{1,4096}(?=@)|(?<=\b(?:basic|bearer)\s+)[\w.~+/=-]{8,}/gi

export function blotOut(line: string): string {
  return line.replace(LOGINS, '***')
}
