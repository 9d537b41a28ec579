import { expect, test } from 'vitest'
import { scripted } from './testing/scripted.ts'

const rule = (more: object): object => ({
  id: 1,
  uid: 'a',
  folderUID: 'team',
  ruleGroup: 'load',
  title: 'CPU',
  updated: '2026-01-02T03:04:05Z',
  ...more,
})
const listing = (...rules: readonly object[]) => scripted(() => ({ body: JSON.stringify(rules) })).ruleGroups()

test('rules are told by their groups, with the time of the newest', async () => {
  const groups = await listing(
    rule({}),
    rule({ ruleGroup: 'High load / CPU' }),
    rule({ uid: 'b', updated: '2026-01-02T03:04:07.9+01:00' }),
    rule({ uid: 'c', updated: '2026-01-02T03:04:07Z' }),
    rule({ folderUID: 'other', updated: '' }),
  )
  expect(groups.map(({ folder, name, changedAt }) => [folder, name, changedAt])).toEqual([
    ['team', 'load', Date.parse('2026-01-02T03:04:07Z')],
    ['team', 'High load / CPU', Date.parse('2026-01-02T03:04:05Z')],
    ['other', 'load', undefined],
  ])
})

test('the state of a group changes with its rules and their order, and with nothing of other groups', async () => {
  const stateOf = async (...rules: readonly object[]) => (await listing(...rules))[0]?.state
  const [one, two] = [rule({}), rule({ uid: 'b' })]
  const state = await stateOf(one, two)
  expect(await stateOf(one, rule({ ruleGroup: 'other' }), two)).toBe(state)
  const others = [
    await stateOf(two, one),
    await stateOf(one),
    await stateOf(one, rule({ uid: 'b', updated: '2026-01-02T03:04:06Z' })),
    // In the same second.
    await stateOf(one, rule({ uid: 'b', title: 'Memory' })),
    await stateOf(one, { ...two, max: 1 }),
  ]
  expect(new Set([state, ...others]).size).toBe(6)
})

test('an export is asked for as YAML and is taken as it is; what is not there is nothing', async () => {
  const asked: string[] = []
  const grafana = scripted((path) => {
    asked.push(path)
    return path.includes('none') ? { status: 404, body: '{}' } : { body: 'apiVersion: 1.50\n' }
  })
  expect(await grafana.exportRuleGroup({ folder: 'team', name: 'a/b c' })).toBe('apiVersion: 1.50\n')
  expect(await grafana.exportRuleGroup({ folder: 'team', name: 'none' })).toBeUndefined()
  expect(await grafana.hasRuleGroup({ folder: 'team', name: 'none' })).toBe(false)
  expect(asked).toEqual([
    '/api/v1/provisioning/folder/team/rule-groups/a%2Fb%20c/export?format=yaml&download=false',
    '/api/v1/provisioning/folder/team/rule-groups/none/export?format=yaml&download=false',
    '/api/v1/provisioning/folder/team/rule-groups/none',
  ])
})

test('who may not read rules is told what it takes', async () => {
  const body = JSON.stringify({ message: 'Permissions needed: alert.provisioning:read' })
  await expect(
    scripted(() => ({ status: 403, body })).exportRuleGroup({ folder: 'a', name: 'b' }),
  ).rejects.toMatchObject({
    code: 'Forbidden',
    message: expect.stringContaining('the token needs alert.provisioning:read, or alert.rules:read and folders:read'),
  })
})

test.each(['<html>', '{"a": 1}', '[1]', '[{"folderUID": 1}]', '[{"folderUID": "a", "ruleGroup": {}}]'])(
  '%s is no list of rules',
  async (body) => {
    await expect(scripted(() => ({ body })).ruleGroups()).rejects.toMatchObject({ code: 'Malformed' })
  },
)

test('what no Grafana calls a folder or a group is none, and there is an end to them', async () => {
  const names = ['', '.', '..', 'x'.repeat(191), '\ud800']
  const folders = ['', '..', 'a/b', 'x'.repeat(41)]
  const hostile = [...names.map((ruleGroup) => rule({ ruleGroup })), ...folders.map((folderUID) => rule({ folderUID }))]
  expect(await listing(...hostile)).toEqual([])
  const many = Array.from({ length: 10_001 }, (_, i) => ({ folderUID: 'a', ruleGroup: String(i) }))
  await expect(listing(...many)).rejects.toMatchObject({ code: 'LimitExceeded' })
  await expect(
    scripted(() => ({ body: ' '.repeat(9 << 20) })).exportRuleGroup({ folder: 'a', name: 'b' }),
  ).rejects.toMatchObject({ code: 'LimitExceeded' })
})
