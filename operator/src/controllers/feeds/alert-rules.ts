import { alertRulesFile } from '../../dashboard/alert-rules-file.ts'
import { ALERT_RULES_TEMPLATE, shortHash } from '../../dashboard/dashboard-path.ts'
import type { RuleGroup } from '../../grafana/alert-rules.ts'
import { CHANGED } from './look.ts'
import type { StateContent, StateKind } from './states-look.ts'

const PREFIX = 'alert-rules/'

/** A name may have any characters; a line of a message may not. */
const keyOf = ({ folder, name }: RuleGroup): string => `${PREFIX}${folder}/${encodeURIComponent(name)}`

function groupOf(key: string): RuleGroup {
  const [folder = '', name = ''] = key.slice(PREFIX.length).split('/')
  return { folder, name: decodeURIComponent(name) }
}

/** Groups of alert rules: each is a file that Grafana provisions. It does not say who changed one. */
export const alertRules = ({ path = ALERT_RULES_TEMPLATE }: { readonly path?: string | undefined }): StateKind => ({
  prefix: PREFIX,
  words: { field: 'spec.source.grafana.alertRules', many: 'groups of alert rules' },
  template: path,
  async *list(grafana) {
    for (const group of await grafana.ruleGroups()) {
      const { state, folder, changedAt: time } = group
      // Rules are listed without the title of their folder.
      yield { key: keyOf(group), state, folder, folderTitle: folder, by: { ...CHANGED, time } }
    }
  },
  async folderOf(grafana, key) {
    const group = groupOf(key)
    return (await grafana.hasRuleGroup(group)) ? group.folder : undefined
  },
  async read(grafana, key) {
    const group = groupOf(key)
    const text = await grafana.exportRuleGroup(group)
    return text === undefined ? undefined : contentOf(group, text)
  },
})

const contentOf = ({ name }: RuleGroup, text: string): StateContent => ({
  variables: { group: name },
  fallback: `rules-${shortHash(name)}`,
  make: () => ({ bytes: alertRulesFile(text, name), title: name, uid: undefined }),
})
