import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { completionModel } from '../completion/model.ts'
import { zshCompletion } from '../completion/zsh.ts'
import { externalVerbs } from '../external.ts'
import { write } from '../output.ts'
import type { Verb } from '../verb.ts'

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

export const completion: Verb = {
  name: 'completion',
  examples: ['source <(gitsync completion bash)', 'gitsync completion fish | source'],
  define(command, io) {
    command
      .description('Print a script that completes verbs and flags in a shell')
      .addArgument(command.createArgument('<shell>', 'bash, zsh or fish').choices(Object.keys(SHELLS)))
      .action(async (shell: keyof typeof SHELLS) => {
        const { parent } = command
        if (parent !== null) await write(io.stdout, SHELLS[shell](completionModel(parent, await externalVerbs(io))))
      })
  },
}
