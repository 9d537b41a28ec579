import { createHash } from 'node:crypto'

const NAME = 'gitsync-operator'

/**
 * The Lease of an operator that reads these namespaces: operators of different sets do not wait for each other, those of
 * the same set do, whatever the order. Sets that overlap are different ones.
 * @param namespaces undefined for all namespaces
 */
export function defaultLeaseName(namespaces: readonly string[] | undefined): string {
  if (namespaces === undefined) return NAME
  const set = [...new Set(namespaces)].sort().join(',')
  return `${NAME}-${createHash('sha256').update(set).digest('hex').slice(0, 10)}`
}

/**
 * `<HOSTNAME or host>_<pid>`. In a Pod that is the Pod's name and, after a restart of its container, the same process id:
 * then the lease is taken back at once.
 */
export function defaultIdentity(
  env: Readonly<Record<string, string | undefined>>,
  hostname: string,
  pid: number,
): string {
  return `${env['HOSTNAME'] || hostname}_${pid}`
}
