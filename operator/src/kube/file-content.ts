import { readFile } from 'node:fs/promises'
import type { Clock } from '../time/clock.ts'
import { KubeError } from './errors.ts'

/** Token and certificate files are rotated under a running process; the kubelet renews them well before they expire. */
const FRESH_MS = 60_000

/** A small text file that is read again when what was read is older than a minute. */
export interface FileContent {
  /** @throws KubeError `Configuration` */
  read(): Promise<string>
  /** The next read goes to the disk. */
  forget(): void
}

export function fileContent(path: string, field: string, clock: Clock): FileContent {
  let held: { readonly text: string; readonly at: number } | undefined
  return {
    async read() {
      if (held === undefined || clock.now() - held.at > FRESH_MS) {
        held = { text: await readText(path, field), at: clock.now() }
      }
      return held.text
    },
    forget() {
      held = undefined
    },
  }
}

/** @throws KubeError `Configuration` naming `field` and the path */
export async function readText(path: string, field: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new KubeError(
      'Configuration',
      `${field}: cannot read ${path} (${reason}); check the path and its permissions`,
    )
  }
}
