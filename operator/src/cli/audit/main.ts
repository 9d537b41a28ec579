import { Command } from 'commander'
import type { Io } from '@gitsync/protocol/cli'
import { runProgram } from '../common/program.ts'
import { VERSION } from '../../version.ts'
import { defineList } from './list.ts'
import { defineVerify } from './verify.ts'

const LIST_EXAMPLES = [
  'gitsync audit https://git.example.com/team/audit.git main --since 2026-06-01 --until 2026-06-30',
  'gitsync audit https://git.example.com/team/audit.git main --object Deployment/shop/web --diff',
  "gitsync audit https://git.example.com/team/audit.git --dashboard 'Checkout: latency' --field panels[id=4].max",
]

const LIST_EPILOGUE = `
Times are those of the change: the author's. Whether the record is intact, says gitsync audit verify.
Each flag has a twin in the environment: --ca-file is GITSYNC_CA_FILE.

Exit codes: 0 ok, also when nothing was found, 1 other, 2 usage, 3 authentication or permission, 4 not found,
6 limit exceeded, 7 network or server failure; 128 and more: ended by a signal.`

const VERIFY_EXAMPLES = [
  'gitsync audit verify https://git.example.com/team/audit.git main --keys allowed_signers --save june.json',
  'gitsync audit verify https://git.example.com/team/audit.git --keys allowed_signers --previous june.json --save july.json',
]

const VERIFY_EPILOGUE = `
Each flag has a twin in the environment: --ca-file is GITSYNC_CA_FILE.

Exit codes: 0 intact, 8 not intact, 9 nobody can tell; without a verdict 1 other, 2 usage, 3 authentication or
permission, 4 not found, 5 a file of --save is there already, 6 limit exceeded, 7 network or server failure; 128 and
more: ended by a signal.`

/** `gitsync audit`, and `gitsync audit verify`. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const isVerify = argv[0] === 'verify'
  const [examples, epilogue] = isVerify ? [VERIFY_EXAMPLES, VERIFY_EPILOGUE] : [LIST_EXAMPLES, LIST_EPILOGUE]
  const command = new Command(isVerify ? 'gitsync audit verify' : 'gitsync audit')
    .version(VERSION)
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}\n${epilogue}`)
  ;(isVerify ? defineVerify : defineList)(command, io)
  return await runProgram(command, isVerify ? argv.slice(1) : argv, io)
}
