import { stringify } from 'yaml'
import type { Answer } from '../ask.ts'
import { forbidden, ok, problem } from './classic-form.ts'
import type { Request } from './request.ts'
import type { Rule } from './rule-store.ts'
import type { Store } from './store.ts'

/** `/api/v1/provisioning/…`: alert rules, as administrators may read and write them. */
export function alertRules(store: Store, { method, path, body, account }: Request): Answer {
  const [, , kind = '', first = '', part = '', group = '', end = ''] = path
  if (account.role !== 'Admin') return forbidden(`alert.provisioning:${method === 'GET' ? 'read' : 'write'}`)
  const { rules } = store
  if (kind === 'folder' && part === 'rule-groups') return ruleGroup(store, { method, body }, first, group, end)
  if (kind !== 'alert-rules') return problem(404, 'Not found')
  switch (method) {
    case 'GET':
      return ok([...rules.rules.values()].map(listed))
    case 'DELETE':
      rules.rules.delete(first)
      return { status: 204, body: null }
    case 'PUT':
      if (!rules.rules.has(first)) return { status: 404, body: null }
      return ok(listed(rules.put({ ...body, uid: first })))
    default: {
      const isTaken = rules.inFolder(body.folderUID).some(({ spec }) => spec.title === body.title)
      if (isTaken)
        return problem(
          500,
          'a conflicting alert rule is found: rule title under the same organisation and folder should be unique',
        )
      return { status: 201, body: listed(rules.put(body)) }
    }
  }
}

function ruleGroup(
  { rules, folders }: Store,
  { method, body }: Pick<Request, 'method' | 'body'>,
  folder: string,
  group: string,
  end: string,
): Answer {
  if (method === 'PUT') {
    for (const rule of body.rules ?? []) rules.put({ ...rule, folderUID: folder, ruleGroup: group })
    if (body.interval !== undefined) rules.setInterval(folder, group, body.interval)
  }
  const found = rules.inFolder(folder, group)
  if (found.length === 0) return problem(404, 'rulegroup not found')
  const interval = rules.intervalOf(folder, group)
  if (end !== 'export') return ok({ title: group, folderUid: folder, interval, rules: found.map(listed) })
  const exported = {
    orgId: 1,
    name: group,
    folder: folders.get(folder)?.title,
    interval: spelt(interval),
    rules: found.map(exportedRule),
  }
  return ok(stringify({ apiVersion: 1, groups: [exported] }, { indent: 4, lineWidth: 0 }))
}

/** As Prometheus spells durations. */
const spelt = (seconds: number): string => (seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`)

const listed = ({ id, uid, spec, updated }: Rule) => ({
  id,
  orgID: 1,
  noDataState: 'NoData',
  execErrState: 'Alerting',
  isPaused: false,
  ...spec,
  uid,
  updated: updated.toISOString().replace(/\.\d+Z$/, 'Z'),
})

function exportedRule({ uid, spec }: Rule) {
  const { folderUID: _, ruleGroup: __, title, condition, data, ...more } = spec
  return { uid, title, condition, data, noDataState: 'NoData', execErrState: 'Alerting', ...more, isPaused: false }
}
