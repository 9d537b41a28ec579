import type { Readable, Writable } from 'node:stream'

/** What the command touches of the process that it runs in. */
export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Path under which the command was started: executables of further verbs lie beside it. */
  readonly program: string
  readonly now: () => Date
}
