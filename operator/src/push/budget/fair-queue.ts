/** A piece of work that waits for its turn. */
export interface Waiter {
  /** Who it is for; several share its cost. Not empty. */
  readonly owners: readonly string[]
  /** What it will cost, as far as that can be told before. */
  readonly cost: number
}

interface Flow {
  /** What the owner may still spend in this round; below zero after something that cost more. */
  credit: number
  /** Rounds that had begun when the credit was last looked at, while nothing of the owner waits. */
  idleSince: number
}

/** Credit for each round. */
const QUANTUM = 1
/** Owners without work whose debts are remembered, before those that are paid off are looked for. */
const MAX_IDLE = 1_024

/**
 * Turns by deficit round-robin (Shreedhar and Varghese, 1995), paid afterwards: each owner with work gets the same credit
 * in each round, and whoever has spent more than that sits out the next rounds. What is shared by several owners comes as
 * soon as it is the turn of one of them, and each pays its part.
 *
 * Of two owners that both have work all the time, neither gets more than `QUANTUM` and the cost of two pieces of work ahead
 * of the other. An owner that has nothing to do collects nothing; debts stay, and shrink as rounds pass.
 */
export class FairQueue<W extends Waiter> {
  readonly #flows = new Map<string, Flow>()
  readonly #waiting = new Set<W>()
  /** Owners with work, in the order of the round. */
  #round: string[] = []
  #rounds = 0

  get size(): number {
    return this.#waiting.size
  }

  /** In the order in which they came. */
  waiting(): IterableIterator<W> {
    return this.#waiting.values()
  }

  add(waiter: W): void {
    this.#waiting.add(waiter)
    for (const owner of waiter.owners) {
      const flow = this.#flows.get(owner)
      if (flow === undefined) this.#flows.set(owner, { credit: 0, idleSince: this.#rounds })
      if (this.#round.includes(owner)) continue
      if (flow !== undefined) flow.credit = this.#settled(flow)
      this.#round.push(owner)
    }
  }

  remove(waiter: W): void {
    if (this.#waiting.delete(waiter)) this.#leave(waiter.owners)
  }

  /** Takes the next one among those that can go now, and lets its owners pay what it is expected to cost. */
  next(canGo: (waiter: W) => boolean = () => true): W | undefined {
    const ready = new Map<string, W>()
    for (const waiter of this.#waiting) {
      if (!canGo(waiter)) continue
      for (const owner of waiter.owners) if (!ready.has(owner)) ready.set(owner, waiter)
    }
    if (ready.size === 0) return undefined
    // Rounds in which nobody could be served are passed in one step.
    const best = Math.max(...[...ready.keys()].map((owner) => this.#flows.get(owner)?.credit ?? 0))
    if (best <= 0) {
      const rounds = Math.floor(-best / QUANTUM) + 1
      this.#rounds += rounds
      for (const owner of ready.keys()) this.#grant(owner, rounds * QUANTUM)
    }
    const turn = this.#round.find((owner) => ready.has(owner) && (this.#flows.get(owner)?.credit ?? 0) > 0)
    const waiter = turn === undefined ? undefined : ready.get(turn)
    if (turn === undefined || waiter === undefined) return undefined
    this.pay(waiter.owners, waiter.cost)
    // Whoever has spent its credit goes to the end of the round.
    if ((this.#flows.get(turn)?.credit ?? 0) <= 0) {
      this.#round = [...this.#round.filter((owner) => owner !== turn), turn]
    }
    this.remove(waiter)
    return waiter
  }

  /** @param cost beyond what was paid; below zero gives it back */
  pay(owners: readonly string[], cost: number): void {
    for (const owner of owners) this.#grant(owner, -cost / owners.length)
  }

  #grant(owner: string, credit: number): void {
    const flow = this.#flows.get(owner)
    if (flow === undefined) return
    flow.credit += credit
    // Nobody saves up by waiting for something else than its turn.
    if (flow.credit > QUANTUM) flow.credit = QUANTUM
  }

  #leave(owners: readonly string[]): void {
    for (const owner of owners) {
      if ([...this.#waiting].some((waiter) => waiter.owners.includes(owner))) continue
      this.#round = this.#round.filter((other) => other !== owner)
      const flow = this.#flows.get(owner)
      if (flow !== undefined) flow.idleSince = this.#rounds
    }
    if (this.#flows.size - this.#round.length <= MAX_IDLE) return
    const working = new Set(this.#round)
    for (const [owner, flow] of this.#flows)
      if (!working.has(owner) && this.#settled(flow) >= 0) this.#flows.delete(owner)
  }

  /** Credit of an owner after rounds without it. */
  #settled({ credit, idleSince }: Flow): number {
    return Math.min(0, credit + (this.#rounds - idleSince) * QUANTUM)
  }
}
