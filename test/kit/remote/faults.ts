import { isPush } from './request.ts'
import type { RecordedRequest } from './request.ts'

export interface FaultOptions {
  /** How many requests it hits before it is spent; default 1, Infinity for all. */
  readonly times?: number
  /** Which requests it may hit; default every one (pushes only, where the fault is about pushes). */
  readonly when?: (request: RecordedRequest) => boolean
}

export interface FaultHandle {
  /** Requests hit so far. */
  readonly fired: number
  remove(): void
}

export interface HoldHandle extends FaultHandle {
  /** Resolves when the first request is being held. */
  readonly reached: Promise<void>
  /** Lets the held requests go on, and all later ones pass. */
  release(): void
}

/** What is answered in place of Git's answer. */
export interface Replacement {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a request meets on its way; `before` steps are passed, the first of the others decides how it ends. */
export type Effect =
  | { readonly kind: 'before'; readonly run: (request: RecordedRequest) => Promise<void> }
  | { readonly kind: 'replace'; readonly answer: (request: RecordedRequest) => Replacement }
  | { readonly kind: 'cut'; readonly after: number }
  | { readonly kind: 'lose-answer' }

/** Faults are met in the order in which they were added. */
export interface Faults {
  /** Waits before the request is handled. */
  delay(milliseconds: number, options?: FaultOptions): FaultHandle
  /** Answers this status instead. `retryAfter` becomes the header: seconds, or an HTTP date. */
  status(
    status: number,
    options?: FaultOptions & {
      readonly retryAfter?: number | string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    },
  ): FaultHandle
  /** Sends `after` bytes of the answer's body, then destroys the connection; a shorter answer is left unterminated. */
  cut(after: number, options?: FaultOptions): FaultHandle
  /** Answers 200 with a login page, as portals and proxies do. */
  html(options?: FaultOptions): FaultHandle
  /** Answers 200 with Git's content type and nothing else, as git does when it meets a filter it was not allowed. */
  empty(options?: FaultOptions): FaultHandle
  /** Redirects to a URL; `status` is 301, 302 (default), 307 or 308. */
  redirect(
    to: string | ((request: RecordedRequest) => string),
    options?: FaultOptions & { readonly status?: 301 | 302 | 307 | 308 },
  ): FaultHandle
  /** Runs `hook` when a push arrives, before Git handles it: what the client saw of the branch is then old. */
  beforeReceivePack(hook: (request: RecordedRequest) => Promise<void>, options?: FaultOptions): FaultHandle
  /**
   * Lets a push be carried out in full, then destroys the connection without an answer. Trap: libcurl, so the git
   * program, at once repeats a request whose kept-alive connection dies like this; use `times: Infinity` with it.
   */
  loseAnswer(options?: FaultOptions): FaultHandle
  /** Holds requests until released. */
  hold(options?: FaultOptions): HoldHandle
  /** Removes every fault and lets held requests go on. */
  clear(): void
}

export interface FaultBox extends Faults {
  /** Uses up what this request meets: the steps before it, and how it ends, null being the ordinary way. */
  take(request: RecordedRequest): {
    before: ((request: RecordedRequest) => Promise<void>)[]
    end: Exclude<Effect, { kind: 'before' }> | null
  }
}

interface Entry {
  readonly effect: Effect
  readonly when: (request: RecordedRequest) => boolean
  left: number
  fired: number
}

const LOGIN_PAGE = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>…</form></body></html>\n'

export function createFaults(): FaultBox {
  let entries: Entry[] = []
  const holds = new Set<() => void>()

  const add = (effect: Effect, options: FaultOptions = {}, when?: (r: RecordedRequest) => boolean): FaultHandle => {
    const entry: Entry = { effect, when: options.when ?? when ?? (() => true), left: options.times ?? 1, fired: 0 }
    entries.push(entry)
    return {
      get fired() {
        return entry.fired
      },
      remove() {
        entries = entries.filter((other) => other !== entry)
      },
    }
  }
  const replace = (answer: (request: RecordedRequest) => Replacement, options?: FaultOptions): FaultHandle =>
    add({ kind: 'replace', answer }, options)

  return {
    delay: (milliseconds, options) =>
      add({ kind: 'before', run: () => new Promise((resolve) => setTimeout(resolve, milliseconds)) }, options),
    status: (status, options = {}) =>
      replace(
        () => ({
          status,
          headers: {
            'content-type': 'text/plain; charset=utf-8',
            ...(status === 401 ? { 'www-authenticate': 'Basic realm="test"' } : {}),
            ...(options.retryAfter === undefined ? {} : { 'retry-after': String(options.retryAfter) }),
            ...options.headers,
          },
          body: options.body ?? `answered ${status} on purpose\n`,
        }),
        options,
      ),
    cut: (after, options) => add({ kind: 'cut', after }, options),
    html: (options) =>
      replace(
        () => ({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: LOGIN_PAGE }),
        options,
      ),
    empty: (options) =>
      replace((request) => ({ status: 200, headers: { 'content-type': contentType(request) }, body: '' }), options),
    redirect: (to, options = {}) =>
      replace(
        (request) => ({
          status: options.status ?? 302,
          headers: { location: typeof to === 'string' ? to : to(request) },
          body: '',
        }),
        options,
      ),
    beforeReceivePack: (hook, options) => add({ kind: 'before', run: hook }, options, isPush),
    loseAnswer: (options) => add({ kind: 'lose-answer' }, options, isPush),
    hold(options) {
      const gate = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      const run = (): Promise<void> => {
        reached.resolve()
        return gate.promise
      }
      const handle = add({ kind: 'before', run }, options)
      const release = (): void => {
        handle.remove()
        holds.delete(release)
        gate.resolve()
      }
      holds.add(release)
      return {
        get fired() {
          return handle.fired
        },
        remove: release,
        reached: reached.promise,
        release,
      }
    },
    clear() {
      entries = []
      for (const release of holds) release()
    },
    take(request) {
      const before: ((request: RecordedRequest) => Promise<void>)[] = []
      for (const entry of entries) {
        if (entry.left <= 0 || !entry.when(request)) continue
        entry.left -= 1
        entry.fired += 1
        if (entry.effect.kind !== 'before') return { before, end: entry.effect }
        before.push(entry.effect.run)
      }
      return { before, end: null }
    },
  }
}

function contentType(request: RecordedRequest): string {
  const what = request.path.endsWith('/info/refs') ? 'advertisement' : 'result'
  return `application/x-git-${request.service ?? 'upload-pack'}-${what}`
}
