import type { Io } from '@gitsync/protocol/cli'
import type { Condition } from '../../api/conditions.ts'
import type { GitSyncStatus } from '../../api/gitsync.ts'
import { GITSYNCS } from '../../controllers/known-resources.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { sleep, systemClock } from '../../time/clock.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'

const POLL_MS = 250
const DEFAULT_SECONDS = 120

/** Waits until the operator says that it has carried a request out. @throws CommandFailure when time is over, with what is in the way */
export async function waitUntilHandled(
  { client, namespace }: Cluster,
  name: string,
  { request, seconds = DEFAULT_SECONDS }: { readonly request: string; readonly seconds?: number | undefined },
  io: Pick<Io, 'now'>,
): Promise<KubernetesObject> {
  const deadline = io.now().getTime() + seconds * 1000
  for (;;) {
    const object = await client.get(GITSYNCS, namespace, name)
    const status = (object['status'] ?? {}) as GitSyncStatus
    if (status.lastHandledRequest === request) return object
    if (io.now().getTime() >= deadline) {
      throw new CommandFailure(
        'network',
        `not carried out within ${seconds} seconds (--timeout); the operator goes on: ${describe(status.conditions)}`,
      )
    }
    await sleep(systemClock, POLL_MS)
  }
}

function describe(conditions: readonly Condition[] = []): string {
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready === undefined) return 'it has no status, so no operator may be running'
  return `Ready is ${ready.status}: ${ready.reason}: ${ready.message}`
}
