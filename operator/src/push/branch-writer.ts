import type { Clock } from '../time/clock.ts'
import type { Tracer } from '../trace/tracer.ts'
import { awaitTurn } from './await-turn.ts'
import type { Turn } from './budget/turn.ts'
import { toFailure } from './failure.ts'
import { GroupPush, hostOf } from './group-push.ts'
import { branchHead } from './head.ts'
import type { Head } from './head.ts'
import { KnownBranch } from './known-branch.ts'
import type { Member } from './member.ts'
import type { PushObserver } from './observer.ts'
import type { PushedCommits } from './push-attempt.ts'
import type { Review } from './review/review.ts'
import type { Attached, Connection } from './connection.ts'
import type { Tips } from './tips.ts'

export interface BranchWriterOptions {
  /** Short name. */
  readonly branch: string
  readonly clock: Clock
  readonly random: () => number
  /** Runs one piece of work, when there is room for it. */
  readonly schedule: (work: () => Promise<void>) => Promise<void>
  /**
   * Whether this process may write to Git now; asked before each push. While it says no, work waits for a `kick`.
   * Default always.
   */
  readonly mayPush?: () => boolean
  readonly onPush?: (pushed: PushedCommits) => void
  readonly observer?: PushObserver
  /** Where the branches of the repository are, asked together with others that write it. */
  readonly tips: Tips
  /** Default: what is written counts at once. */
  readonly review?: Review | undefined
  /** Where it is read from. Default: the branch itself. */
  readonly head?: Head | undefined
  /** With `review`: the branch that this one is to be merged into, and that it begins at; short name. */
  readonly base?: string | undefined
  /** Default: nothing is traced. */
  readonly tracer?: Tracer
}

/**
 * Writes one branch of one repository, for all GitSyncs that have a folder on it: says who is written when. One push at a time, a
 * commit for each of their changes, one request when nobody else has pushed.
 */
export class BranchWriter {
  readonly #options: BranchWriterOptions & { readonly mayPush: () => boolean }
  readonly #members = new Map<string, Attached>()
  readonly #known: KnownBranch
  readonly #push: GroupPush
  /** Ends listening, by connection. */
  readonly #listening = new Map<string, () => void>()
  /** By key of the connection: what waits for its turn or is being pushed. */
  readonly #running = new Map<string, Promise<void>>()
  /** The push that is being made, and those behind it. */
  #last: Promise<void> = Promise.resolve()
  #isPushing = false
  readonly #stopping = new AbortController()
  /** When it looks for work by itself, milliseconds since the epoch. */
  #wakesAt = Number.POSITIVE_INFINITY
  #cancelTimer: (() => void) | undefined
  #stopped = false

  constructor(options: BranchWriterOptions) {
    const members = this.#members
    this.#options = { mayPush: () => true, ...options }
    const head = options.head ?? branchHead(options)
    this.#known = new KnownBranch({
      ...options,
      head,
      members: () => [...members.values()].map(({ member }) => member),
    })
    this.#push = new GroupPush({ ...this.#options, known: this.#known, members })
  }

  get size(): number {
    return this.#members.size
  }

  attach(member: Member, connection: Connection): void {
    const known = this.#members.get(member.name)
    if (known?.member === member && known.connection === connection) return
    this.#members.set(member.name, { member, connection })
    this.#listen()
    this.kick(member.name)
  }

  detach(name: string): void {
    this.#members.delete(name)
    this.#listen()
    if (this.#members.size > 0) return
    this.#cancelTimer?.()
    this.#wakesAt = Number.POSITIVE_INFINITY
  }

  /** A host answers again: what failed because it did not is tried at once. */
  recovered(host: string): void {
    for (const attached of this.#members.values()) {
      if (hostOf(attached) === host && attached.member.standing.failure?.reason === 'Unreachable')
        attached.member.unblock()
    }
  }

  /**
   * Looks for work. Called whenever a member changes, and of a thousand on one branch the others are not asked then.
   * @param name of the member that has changed; without it every member is asked
   */
  kick(name?: string): void {
    if (name === undefined) this.#wakesAt = Number.POSITIVE_INFINITY
    if (this.#stopped || !this.#options.mayPush()) return
    const asked = name === undefined ? this.#members.values() : [this.#members.get(name)]
    const { clock } = this.#options
    const now = clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const attached of asked) {
      // What is running asks everybody again when it has ended.
      if (attached === undefined || this.#running.has(attached.connection.key)) continue
      const dueAt = attached.member.dueAt() ?? Number.POSITIVE_INFINITY
      if (dueAt <= now) this.#start(attached.connection.key)
      else next = Math.min(next, dueAt)
    }
    if (next >= this.#wakesAt) return
    this.#wakesAt = next
    this.#cancelTimer?.()
    this.#cancelTimer = clock.after(next - now, () => this.kick())
  }

  /**
   * Looks at the branch before its time, unless it is known to be at `tip` already: somebody may have pushed.
   * @param branch of several that are written the one that is meant; short name
   */
  lookNow(tip: string | null | undefined, branch = this.#options.branch): void {
    if (tip !== undefined && this.#known.isAt(branch, tip)) return
    for (const { member } of this.#members.values()) member.requireLook()
  }

  /** Writes what is pending, whether or not it is due, and then nothing any more. */
  async stop(flush: boolean): Promise<void> {
    this.#stopped = true
    for (const end of this.#listening.values()) end()
    this.#cancelTimer?.()
    this.#options.review?.stop()
    this.#stopping.abort()
    await Promise.all(this.#running.values())
    if (!flush) return
    for (const { member } of this.#members.values()) member.window.seal()
    const keys = new Set([...this.#due()].map(({ connection }) => connection.key))
    await Promise.all([...keys].map((key) => this.#round(key)))
  }

  /** Hears of the branch whenever somebody looks at the repository over one of its members' connections. */
  #listen(): void {
    const connections = new Map([...this.#members.values()].map(({ connection }) => [connection.key, connection]))
    for (const [key, stop] of this.#listening) {
      if (connections.has(key)) continue
      stop()
      this.#listening.delete(key)
    }
    const { branch, base, tips } = this.#options
    for (const [key, connection] of connections) {
      if (this.#listening.has(key)) continue
      const ends = [tips.listen(connection, { branch, seen: (tip) => this.#seen(tip) })]
      if (base !== undefined) ends.push(tips.listen(connection, { branch: base, seen: () => undefined }))
      this.#listening.set(key, () => ends.forEach((end) => end()))
    }
  }

  /** Another writer's look has told where the branch is. */
  #seen(tip: string | null): void {
    // What is under way looks for itself, where it has to.
    if (this.#isPushing || !this.#known.isSure) return
    // The base may have moved, and the request been answered, while the head stays where it is.
    if (this.#options.review !== undefined) return
    if (tip === this.#known.snapshot?.tip) for (const { member } of this.#members.values()) member.looked()
    else this.lookNow(tip)
  }

  #start(key: string): void {
    const running = this.#round(key, this.#stopping.signal).finally(() => {
      this.#running.delete(key)
      this.kick()
    })
    this.#running.set(key, running)
  }

  #due(key?: string): Attached[] {
    const now = this.#options.clock.now()
    return [...this.#members.values()].filter(
      ({ member, connection }) =>
        (key === undefined || connection.key === key) && (member.dueAt() ?? Number.POSITIVE_INFINITY) <= now,
    )
  }

  /** Pushes for all that are due and share a connection. Who they are is told after the wait for a turn: whoever has changed meanwhile comes along. */
  async #round(key: string, signal?: AbortSignal): Promise<void> {
    let turn: Turn | undefined
    try {
      const due = this.#due(key)
      const cost = this.#known.expectedRequests(due.map(({ member }) => member))
      turn = await awaitTurn(due, { clock: this.#options.clock, cost, signal })
    } catch (error) {
      if (signal?.aborted === true) return
      const failure = toFailure(error)
      for (const attached of this.#due(key)) this.#push.fail(attached, failure)
      return
    }
    const push = (): Promise<void> => this.#exclusively(() => this.#push.run(this.#due(key)))
    try {
      await this.#options.schedule(() => (turn === undefined ? push() : turn.run(push)))
    } finally {
      turn?.end()
    }
  }

  /** One push is made at a time. */
  async #exclusively(push: () => Promise<void>): Promise<void> {
    const before = this.#last
    const own = (async () => {
      await before
      this.#isPushing = true
      await push().finally(() => (this.#isPushing = false))
    })()
    this.#last = own.catch(() => undefined)
    await own
  }
}
