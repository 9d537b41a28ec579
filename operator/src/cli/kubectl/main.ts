import type { Command } from 'commander'
import { ExitCode } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { EXIT_CODES, programOf, runProgram } from '../common/program.ts'
import { complete } from './complete.ts'
import { VERBS } from './verbs.ts'

/** Asked by kubectl's own completion, through `kubectl_complete-gitsync`. */
const COMPLETE = '__complete'

const EPILOGUE = `
Everything is done with the rights of your kubeconfig. Git is read with the Secret of the GitSync where
you may read it; else give --token (or GITSYNC_TOKEN), or git's own credential helpers are asked.
Each flag has a twin in the environment: --ca-file is GITSYNC_CA_FILE.
${EXIT_CODES}`

function kubectlGitsync(io: Io): Command {
  const description = 'What GitSyncs write to Git: look, compare, preview, restore'
  return programOf(VERBS, { name: 'kubectl gitsync', description, epilogue: EPILOGUE }, io)
}

/** Runs the command line and gives its exit code. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const program = kubectlGitsync(io)
  const [verb, ...words] = argv
  if (verb === COMPLETE) {
    await complete(program, words, io)
    return ExitCode.ok
  }
  return await runProgram(program, argv, io)
}
