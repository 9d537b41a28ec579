import { GitError } from '../../format/errors.ts'

/** Waits for a host as long as it is not silent for too long. */
export class Patience {
  readonly #origin: string
  readonly #ms: number
  #heard = performance.now()

  /** @param ms silence after which waiting ends */
  constructor(origin: string, ms: number) {
    this.#origin = origin
    this.#ms = ms
  }

  /** A sign of life. */
  renew(): void {
    this.#heard = performance.now()
  }

  /**
   * What is waited for. Time in which nobody waits is no silence.
   * @throws GitError `Timeout`
   */
  async race<T>(awaited: Promise<T>): Promise<T> {
    this.renew()
    const silent = Promise.withResolvers<never>()
    const look = (): void => {
      const left = this.#ms - (performance.now() - this.#heard)
      if (left > 0) timer = setTimeout(look, left)
      else silent.reject(tooSilent(this.#origin, this.#ms))
    }
    let timer = setTimeout(look, this.#ms)
    try {
      return await Promise.race([awaited, silent.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** @param origin `ssh://host:port` */
export function tooSilent(origin: string, ms: number): GitError {
  const what = `${new URL(origin).host} has been silent for ${ms} ms (ssh.timeoutMs)`
  return new GitError('Timeout', what, { expected: ms })
}
