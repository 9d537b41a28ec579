import { isIPv6 } from 'node:net'
import { parseAddress } from '../serve/server.ts'

/** What one replica serves that the others may have something for. */
type Door = 'webhook' | 'pushHooks'

/** Who writes to Git, as this replica knows it. */
export interface Holder {
  /** Whether this process does. */
  isSelf(): boolean
  /** `host:port` of another one's door; undefined while nobody is known who has told one. */
  addressOf(door: Door): string | undefined
}

/**
 * Where others reach the doors of this process.
 * @param host IP address at which they reach it; undefined: they do not
 * @param bound `host:port` of each door as bound; undefined where it is closed
 */
export function doorsAt(
  host: string | undefined,
  bound: Readonly<Record<Door, string | undefined>>,
): Readonly<Record<string, string>> {
  if (host === undefined) return {}
  const shown = isIPv6(host) ? `[${host}]` : host
  const ports = Object.entries(bound).map(([door, address = '']) => [door, parseAddress(address)?.port] as const)
  return Object.fromEntries(ports.flatMap(([door, port]) => (port === undefined ? [] : [[door, `${shown}:${port}`]])))
}
