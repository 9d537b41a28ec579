import type { RefResult } from '../client/push-result.ts'
import type { Io } from './io.ts'
import { writeJson, writeLines } from './output.ts'

/** Prints what became of one ref. */
export async function printRef(io: Io, result: RefResult, json: boolean): Promise<void> {
  const { ref, old, new: next, messages } = result
  if (json) await writeJson(io, { ref, old, new: next })
  else await writeLines(io, [next === null ? `deleted ${ref} (was ${old})` : `${next} ${ref}`])
  for (const line of messages) io.stderr.write(`remote: ${line}\n`)
}
