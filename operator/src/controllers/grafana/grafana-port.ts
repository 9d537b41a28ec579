import type { Grafana } from '../../grafana/grafana.ts'
import type { Clock } from '../../time/clock.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import type { Environment } from '../environment.ts'
import type { GrafanaAddress } from './grafana-access.ts'
import { Poll } from './poll.ts'
import type { PollOptions } from './poll.ts'

/** The Grafanas that Dashboards of one GitSync may reach. */
export interface GrafanaPort {
  readonly clock: Clock
  readonly random: () => number
  /** @throws PushFailure, KubeError, see `GrafanaAccess.open` */
  open(address: GrafanaAddress): Promise<Grafana>
  /** The login was refused: what was found out about it may be old. */
  doubt(address: GrafanaAddress): void
  /** Work that asks a Grafana, with others that do. */
  poll(address: GrafanaAddress, work: PollOptions['work']): Poll
}

/** @param gitsync namespace/name. @returns undefined where no Grafana is asked: commands of people do not */
export function grafanaPort(environment: Environment, gitsync: string): GrafanaPort | undefined {
  const { clock, grafanas } = environment
  if (grafanas === undefined) return undefined
  const reader = { namespace: gitsync.slice(0, gitsync.indexOf('/')), sync: gitsync }
  return {
    clock,
    random: grafanas.random,
    open: (address) => grafanas.open(environment, reader, address),
    doubt: (address) => grafanas.doubt(reader, address),
    poll({ url }, work) {
      const { host } = repositoryAddress(url)
      return new Poll({ clock, work, enqueue: (step) => grafanas.enqueue(reader, host, step) })
    },
  }
}
