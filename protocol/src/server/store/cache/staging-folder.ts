import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { StagedFile } from '../staged-file.ts'

/** How often a process shows that it lives, in milliseconds. */
const BEAT_MS = 60_000
/** Who has not done so for that long is gone. */
const GONE_MS = 10 * BEAT_MS

/**
 * A folder of this process among those of others, for what is on its way. Processes of several machines or containers may share the
 * folder above, where a number tells nothing of who lives: each touches its own, and takes away what nobody has touched for long.
 */
export class StagingFolder {
  readonly #above: string
  readonly #own: string
  readonly #beat: NodeJS.Timeout

  private constructor(above: string, beatMs: number) {
    this.#above = above
    this.#own = join(above, randomUUID())
    this.#beat = setInterval(() => {
      this.#live().catch(() => undefined)
    }, beatMs).unref()
  }

  static async open(above: string, { beatMs = BEAT_MS } = {}): Promise<StagingFolder> {
    const folder = new StagingFolder(above, beatMs)
    await mkdir(folder.#own, { recursive: true })
    await folder.#sweep()
    return folder
  }

  /** A new file in it. */
  async stage(): Promise<StagedFile> {
    const path = join(this.#own, randomUUID())
    // Who slept for long was taken for gone.
    await mkdir(this.#own, { recursive: true })
    return new StagedFile(path, await open(path, 'wx+', 0o600))
  }

  async close(): Promise<void> {
    clearInterval(this.#beat)
    await rm(this.#own, { recursive: true, force: true })
  }

  async #live(): Promise<void> {
    const now = new Date()
    await utimes(this.#own, now, now)
    await this.#sweep()
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.#above)) {
      const path = join(this.#above, name)
      // Another one may take it away at the same time.
      const seen = await stat(path).catch(() => undefined)
      if (seen !== undefined && Date.now() - seen.mtimeMs > GONE_MS) await rm(path, { recursive: true, force: true })
    }
  }
}
