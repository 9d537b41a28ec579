import { write } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { GITSYNCS } from '../../../controllers/known-resources.ts'
import { addClusterOptions, FIELD_MANAGER } from '../../common/cluster.ts'
import type { ClusterFlags } from '../../common/cluster.ts'
import type { Verb } from '../../common/program.ts'
import { explain } from '../gitsyncs.ts'
import { withTarget } from '../target.ts'
import type { Target } from '../target.ts'

export const suspend: Verb = {
  name: 'suspend',
  examples: ['kubectl gitsync suspend shop -n shop'],
  define(command, io) {
    addClusterOptions(command)
      .description('Stop writing; the folder stays as it is until the GitSync is resumed')
      .argument('<name>', 'GitSync')
      .action((name: string, flags: ClusterFlags) => setSuspend(name, true, { flags, io }))
  },
}

export const resume: Verb = {
  name: 'resume',
  examples: ['kubectl gitsync resume shop -n shop'],
  define(command, io) {
    addClusterOptions(command)
      .description('Write again; what changed meanwhile is found by comparison (preview shows it before)')
      .argument('<name>', 'GitSync')
      .action((name: string, flags: ClusterFlags) => setSuspend(name, false, { flags, io }))
  },
}

async function setSuspend(
  name: string,
  suspend: boolean,
  { flags, io }: { readonly flags: ClusterFlags; readonly io: Io },
) {
  await withTarget(name, flags, io, async ({ cluster, object }: Target) => {
    const word = suspend ? 'suspended' : 'resumed'
    if (((object['spec'] as { suspend?: boolean } | undefined)?.suspend ?? false) === suspend) {
      await write(io.stdout, `gitsync.gitsync.dev/${name} ${suspend ? 'is suspended' : 'is not suspended'} already\n`)
      return
    }
    const query = { fieldManager: FIELD_MANAGER }
    await cluster.client
      .mergePatch(GITSYNCS, cluster.namespace, name, { spec: { suspend } }, { query })
      .catch((error: unknown) => {
        throw explain(error, `patch gitsync ${name} in namespace ${cluster.namespace}`)
      })
    await write(io.stdout, `gitsync.gitsync.dev/${name} ${word}\n`)
  })
}
