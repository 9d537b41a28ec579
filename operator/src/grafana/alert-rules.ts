/**
 * The alert rules of a Grafana, by their groups: https://grafana.com/docs/grafana/latest/developers/http_api/alerting_provisioning/
 */
import { createHash } from 'node:crypto'
import { apiPath } from '../forge/api-client.ts'
import type { ApiClient } from '../forge/api-client.ts'
import { listOf } from '../forge/fields.ts'
import type { Fields } from '../forge/fields.ts'
import { ForgeError, ifFound } from '../forge/forge-error.ts'
import { stringifyExact } from '../objects/exact-json.ts'
import { isUid, takenTime } from './taken.ts'

/** What Grafana evaluates together, and exports as one file. */
export interface RuleGroup {
  /** Uid of its folder. */
  readonly folder: string
  readonly name: string
}

export interface ListedRuleGroup extends RuleGroup {
  /** Another one whenever its rules, or their order, are others. */
  readonly state: string
  /** When one of its rules was changed last, milliseconds since the epoch; undefined where that is not said. */
  readonly changedAt: number | undefined
}

export interface GrafanaAlertRules {
  /** All groups that it lets be seen, in one request. @throws ForgeError */
  ruleGroups(): Promise<readonly ListedRuleGroup[]>
  /** @throws ForgeError */
  hasRuleGroup(group: RuleGroup): Promise<boolean>
  /** A group as a file for provisioning, as Grafana spells it; undefined where there is none. @throws ForgeError */
  exportRuleGroup(group: RuleGroup): Promise<string | undefined>
}

/** A GitSync has no more files. */
const MAX_GROUPS = 10_000
const MAX_RULES = 100_000
/** As Grafana limits it. */
const MAX_NAME = 190
const RIGHTS = 'alert.provisioning:read, or alert.rules:read and folders:read'

export function alertRulesOf(client: ApiClient): GrafanaAlertRules {
  return {
    async ruleGroups() {
      const path = apiPath('api', 'v1', 'provisioning', 'alert-rules')
      const answer = await client.send({ method: 'GET', path, rights: RIGHTS })
      const rules = listOf(answer ?? [], 'alert rules')
      if (rules.length > MAX_RULES)
        throw new ForgeError('LimitExceeded', `GET ${path}: it lists more than ${MAX_RULES} rules`)
      const groups = groupsIn(rules, answer as readonly unknown[])
      if (groups.length > MAX_GROUPS)
        throw new ForgeError('LimitExceeded', `GET ${path}: it lists more than ${MAX_GROUPS} groups`)
      return groups
    },
    async hasRuleGroup(group) {
      return (await ifFound(client.send({ method: 'GET', path: pathOf(group), rights: RIGHTS }))) !== undefined
    },
    exportRuleGroup(group) {
      // Grafana takes the query before the header; whoever is between them may take the header.
      const query = { format: 'yaml', download: 'false' }
      const path = `${pathOf(group)}/export`
      return ifFound(client.read({ method: 'GET', path, query, rights: RIGHTS }, 'application/yaml'))
    },
  }
}

const pathOf = ({ folder, name }: RuleGroup): string =>
  apiPath('api', 'v1', 'provisioning', 'folder', folder, 'rule-groups', name)

/** Later releases list groups in any order; of a group the rules are in theirs. */
function groupsIn(rules: readonly Fields[], items: readonly unknown[]): ListedRuleGroup[] {
  const groups = new Map<string, RuleGroup & { readonly rules: unknown[]; changedAt: number | undefined }>()
  rules.forEach((rule, index) => {
    const [folder, name] = [rule.text('folderUID'), rule.text('ruleGroup')]
    if (!isUid(folder) || !isName(name)) return
    const key = `${folder}/${name}`
    const group = groups.get(key) ?? { folder, name, rules: [], changedAt: undefined }
    groups.set(key, group)
    group.rules.push(items[index])
    const changedAt = takenTime(rule.text('updated'))
    if (changedAt !== undefined && changedAt > (group.changedAt ?? 0)) group.changedAt = changedAt
  })
  return [...groups.values()].map(({ folder, name, rules: own, changedAt }) => ({
    folder,
    name,
    changedAt,
    // Their times alone are whole seconds: who saves twice in one would be missed.
    state: createHash('sha256').update(stringifyExact(own)).digest('hex'),
  }))
}

/** What Grafana takes, and what can be asked for. */
const isName = (name: string): boolean =>
  name !== '' && name.length <= MAX_NAME && name.isWellFormed() && name !== '.' && name !== '..'
