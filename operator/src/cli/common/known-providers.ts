import { pino } from 'pino'
import { followProviders, noProviders } from '../../controllers/providers.ts'
import type { Providers } from '../../controllers/providers.ts'
import { lookOnce } from './list-once.ts'
import type { Cluster } from './cluster.ts'
import type { Notes } from './notes.ts'

/** What the platform allows for a host, and how it is reached; undefined where this user may not know. */
export async function knownProviders(
  { client }: Pick<Cluster, 'client'>,
  notes: Notes,
): Promise<Providers | undefined> {
  const pool = lookOnce(client)
  const providers = followProviders(pool, pino({ enabled: false }), () => undefined)
  await pool.settled()
  if (providers.state === 'listed') return providers
  // Before the first installation there are none.
  if (providers.state.startsWith('NotServed')) return noProviders
  const why = providers.state.startsWith('Forbidden') ? 'you may not list gitproviders' : providers.state
  notes(`what the platform allows for the Git host is not checked: ${why}`)
  return undefined
}
