import type { Writable } from 'node:stream'
import type { Io } from './io.ts'

/**
 * Writes and waits until it is out.
 * @returns false when the reader has left, which is no error: nobody wants the rest. Standard output itself forgets that
 */
export async function write(stream: Writable, data: string | Uint8Array): Promise<boolean> {
  return await new Promise((resolve) => {
    stream.write(data, (error) => {
      resolve(error === undefined || error === null)
    })
  })
}

export async function writeJson(io: Io, value: unknown): Promise<void> {
  await write(io.stdout, `${JSON.stringify(value)}\n`)
}

export async function writeLines(io: Io, lines: readonly string[]): Promise<void> {
  await write(io.stdout, lines.map((line) => `${line}\n`).join(''))
}

export function writeError(io: Io, message: string): void {
  io.stderr.write(`gitsync: ${message}\n`)
}
