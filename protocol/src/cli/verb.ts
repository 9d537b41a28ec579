import type { Command } from 'commander'
import type { Io } from './io.ts'

/** One verb of the command: its name, its arguments, flags and action, and command lines that show its use. */
export interface Verb {
  readonly name: string
  readonly examples: readonly string[]
  readonly define: (command: Command, io: Io) => void
}
