import type { Writable } from 'node:stream'
import type { Io } from './io.ts'

/** Writes and waits until it is out; a reader that has left is no error. */
export async function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.write(data, () => {
      resolve()
    })
  })
}

export function writeJson(io: Io, value: unknown): Promise<void> {
  return write(io.stdout, `${JSON.stringify(value)}\n`)
}

export function writeLines(io: Io, lines: readonly string[]): Promise<void> {
  return write(io.stdout, lines.map((line) => `${line}\n`).join(''))
}

export function writeError(io: Io, message: string): void {
  io.stderr.write(`gitsync: ${message}\n`)
}
