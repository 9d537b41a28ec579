import { setTimeout as pause } from 'node:timers/promises'
import type { Accident } from './run.ts'

/** Stops the operator (SIGSTOP) once for so long, while people edit and the server ends its watches. */
export function pauses(milliseconds: number, edits: number): Accident {
  let edit = 0
  return {
    name: `${milliseconds} ms without a processor`,
    async tick({ rig, editor }) {
      if (++edit !== Math.floor(edits / 2)) return
      rig.signal('SIGSTOP')
      for (let i = 0; i < edits; i++) editor.edit()
      rig.api.faults.dropWatches()
      await pause(milliseconds)
      rig.signal('SIGCONT')
    },
  }
}
