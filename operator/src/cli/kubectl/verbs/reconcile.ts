import { REQUESTED_AT } from '../../../controllers/requests.ts'
import { addClusterOptions } from '../../common/cluster.ts'
import type { Verb } from '../../common/program.ts'
import { addRequestOptions, ask } from '../request.ts'
import type { RequestFlags } from '../request.ts'
import { withTarget } from '../target.ts'

export const reconcile: Verb = {
  name: 'reconcile',
  examples: ['kubectl gitsync reconcile shop -n shop'],
  define(command, io) {
    addRequestOptions(addClusterOptions(command))
      .description(
        'Compare the folder with the cluster now, instead of after spec.interval; prints the commit, if there is one',
      )
      .argument('<name>', 'GitSync')
      .action(async (name: string, flags: RequestFlags) => {
        await withTarget(name, flags, io, (target) => ask(target, REQUESTED_AT, io.now().toISOString(), { flags, io }))
      })
  },
}
