import { write } from '@gitsync/protocol/cli'
import type { Verb } from '../../common/program.ts'

/** kubectl asks the program of this name when a shell completes `kubectl gitsync …`. */
const SCRIPT = `#!/bin/sh
exec kubectl-gitsync __complete "$@"
`

export const completion: Verb = {
  name: 'completion',
  examples: [
    'kubectl gitsync completion >~/.local/bin/kubectl_complete-gitsync',
    'chmod +x ~/.local/bin/kubectl_complete-gitsync',
  ],
  define(command, io) {
    command
      .description(
        "Print the program kubectl_complete-gitsync: on PATH it lets kubectl's own completion, in whatever shell, know verbs, flags and names (kubectl 1.26 or later)",
      )
      .action(async () => {
        await write(io.stdout, SCRIPT)
      })
  },
}
