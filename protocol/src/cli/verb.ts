import type { Command } from 'commander'
import type { Io } from './io.ts'

/** One verb of the command: its name, and its arguments, flags and action. */
export interface Verb {
  readonly name: string
  readonly define: (command: Command, io: Io) => void
}
