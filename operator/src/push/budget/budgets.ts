import type { Clock } from '../../time/clock.ts'
import { Breaker } from './breaker.ts'
import { Budget } from './budget.ts'
import type { BudgetState } from './budget.ts'
import { NO_LIMITS, strictest } from './limits.ts'
import type { BudgetLimits } from './limits.ts'
import type { SharedWindow } from './shared-window.ts'

export interface BudgetsOptions {
  readonly clock: Clock
  /** Counts requests of other operators too. Default: this process counts alone. */
  readonly shared?: SharedWindow | undefined
  readonly onTurn?: (host: string, seconds: number) => void
  /** A host that did not answer anybody does again. */
  readonly onRecovered?: (host: string) => void
}

interface Host {
  readonly breaker: Breaker
  readonly budgets: Set<Budget>
}

interface Entry {
  readonly key: string
  /** What each of its users wants to be kept to. */
  readonly users: Map<object, BudgetLimits>
  unusedSince: number
}

/** Until then what was used up is remembered for whoever comes back, in milliseconds. */
const FORGET_MS = 3_600_000

/** The budgets of all hosts: one for each credential, and one breaker for each host. */
export class Budgets {
  readonly #options: BudgetsOptions
  readonly #startedAt: number
  readonly #hosts = new Map<string, Host>()
  /** By host and credential. */
  readonly #byKey = new Map<string, Budget>()
  readonly #entries = new Map<Budget, Entry>()

  constructor(options: BudgetsOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
  }

  /**
   * The budget of a host and a credential; without a limit until somebody is kept to one.
   * @param host name and port, as a URL has it
   * @param credential equal for equal credentials; tells nothing about them
   */
  of(host: string, credential: string): Budget {
    this.#forget()
    const key = `${host} ${credential}`
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const budget = this.#create(host, key)
    this.#byKey.set(key, budget)
    this.#entries.set(budget, { key, users: new Map(), unusedSince: this.#options.clock.now() })
    return budget
  }

  /** Somebody uses it from here on. Of several limits that its users are to be kept to the strictest counts. */
  keep(budget: Budget, limits: BudgetLimits, user: object): void {
    const entry = this.#entries.get(budget)
    if (entry === undefined || entry.users.get(user) === limits) return
    entry.users.set(user, limits)
    this.#agree(budget, entry)
  }

  release(budget: Budget, user: object): void {
    const entry = this.#entries.get(budget)
    if (entry?.users.delete(user) !== true) return
    if (entry.users.size > 0) this.#agree(budget, entry)
    else entry.unusedSince = this.#options.clock.now()
  }

  /** What there is to see. */
  states(): BudgetState[] {
    return [...this.#entries.keys()].map(({ state }) => state)
  }

  /** Hosts, and whether each is spared because it does not answer. */
  breakers(): { readonly host: string; readonly isOpen: boolean }[] {
    const now = this.#options.clock.now()
    return [...this.#hosts].map(([host, { breaker }]) => ({ host, isOpen: breaker.state(now) !== 'closed' }))
  }

  #create(host: string, name: string): Budget {
    const { clock, shared, onTurn, onRecovered } = this.#options
    let known = this.#hosts.get(host)
    if (known === undefined) {
      known = { breaker: new Breaker(), budgets: new Set() }
      this.#hosts.set(host, known)
    }
    const { breaker, budgets } = known
    const budget = new Budget({
      host,
      limits: NO_LIMITS,
      clock,
      startedAt: this.#startedAt,
      breaker,
      shared: shared && { window: shared, name },
      onTurn,
      onBreaker: (event) => {
        for (const other of budgets) other.look()
        if (event === 'closed') onRecovered?.(host)
      },
    })
    budgets.add(budget)
    return budget
  }

  #agree(budget: Budget, { users }: Entry): void {
    const distinct = new Map([...users.values()].map((limits) => [JSON.stringify(limits), limits]))
    const limits = strictest([...distinct.values()])
    if (JSON.stringify(limits) !== JSON.stringify(budget.limits)) budget.limits = limits
  }

  #forget(): void {
    const now = this.#options.clock.now()
    for (const [budget, { key, users, unusedSince }] of this.#entries) {
      if (users.size > 0 || now - unusedSince < FORGET_MS) continue
      this.#entries.delete(budget)
      this.#byKey.delete(key)
      const host = this.#hosts.get(budget.host)
      host?.budgets.delete(budget)
      if (host?.budgets.size === 0) this.#hosts.delete(budget.host)
    }
  }
}
