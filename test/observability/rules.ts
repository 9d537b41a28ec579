import { readFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'

export interface Rule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

export const RULES_FILE = new URL('../../charts/gitsync-operator/files/alerts.yaml', import.meta.url).pathname

/** The rules as the chart has them. */
export function readRules(): readonly Rule[] {
  return (parse(readFileSync(RULES_FILE, 'utf8')) as RuleFile).groups.flatMap(({ rules }) => rules)
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * The rules in a world where time runs faster: every duration in `for` and `expr` (ranges and thresholds alike, which the
 * rules write as durations for this) is divided by the factor. Nothing else is changed.
 */
export function fasterRules(factor: number): string {
  const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as RuleFile
  const faster = (text: string): string =>
    text.replace(/\b(\d+)([smhd])\b/g, (_, count: string, unit: string) => {
      return `${Math.round((Number(count) * (UNITS[unit] ?? 0)) / factor)}ms`
    })
  return stringify({
    groups: groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => ({
        ...rule,
        expr: faster(rule.expr),
        ...(rule.for === undefined ? {} : { for: faster(rule.for) }),
      })),
    })),
  })
}
