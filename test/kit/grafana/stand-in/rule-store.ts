import { randomUUID } from 'node:crypto'

/** As the provisioning API takes and gives it, without what Grafana sets. */
export type RuleSpec = Readonly<Record<string, unknown>> & {
  readonly folderUID: string
  readonly ruleGroup: string
  readonly title: string
}

export interface Rule {
  readonly id: number
  readonly uid: string
  readonly spec: RuleSpec
  readonly updated: Date
}

/** The alert rules of a Grafana, in the order of their groups. */
export class RuleStore {
  readonly rules = new Map<string, Rule>()
  /** Seconds, by folder and group. */
  readonly #intervals = new Map<string, number>()
  #id = 0

  inFolder(folder: string, group?: string): Rule[] {
    return [...this.rules.values()].filter(
      ({ spec }) => spec.folderUID === folder && (group === undefined || spec.ruleGroup === group),
    )
  }

  intervalOf(folder: string, group: string): number {
    return this.#intervals.get(JSON.stringify([folder, group])) ?? 60
  }

  /** Every rule of the group is another one then. */
  setInterval(folder: string, group: string, seconds: number): void {
    this.#intervals.set(JSON.stringify([folder, group]), seconds)
    for (const rule of this.inFolder(folder, group)) this.rules.set(rule.uid, { ...rule, updated: new Date() })
  }

  put(given: RuleSpec & { readonly uid?: string }): Rule {
    const { uid = randomUUID(), ...spec } = given
    const rule = { id: this.rules.get(uid)?.id ?? ++this.#id, uid, spec, updated: new Date() }
    this.rules.set(uid, rule)
    return rule
  }
}
