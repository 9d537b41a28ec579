import type { Io } from '@gitsync/protocol/cli'
import { printable } from './output.ts'

/** Tells something beside the result, each thing once: what was not checked, or whose credentials are used. */
export type Notes = (text: string) => void

/** Lines on standard error, which leave what a script reads alone. */
export function notesTo(io: Pick<Io, 'stderr'>): Notes {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text)) return
    told.add(text)
    io.stderr.write(`note: ${printable(text)}\n`)
  }
}
