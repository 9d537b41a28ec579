import { createInterface } from 'node:readline/promises'
import type { Io } from '@gitsync/protocol/cli'
import { CommandFailure } from '../common/command-failure.ts'

/**
 * Asks a person; only yes is yes.
 * @throws CommandFailure where nobody can be asked
 */
export async function confirm(question: string, { stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): Promise<boolean> {
  if (!('isTTY' in stdin) || stdin.isTTY !== true) {
    throw new CommandFailure('usage', 'there is no terminal to ask at: give --yes, or --dry-run=server to look only')
  }
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    return /^y(?:es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())
  } finally {
    terminal.close()
  }
}
