import { expect, test } from 'vitest'
import { MESSAGE_PLACEHOLDER_DOCS, parseMessageTemplate, renderMessage, type Change } from './message.ts'
import { InvalidTemplateError } from './template-error.ts'

const change = (fields: Partial<Change> = {}): Change => ({
  action: 'Update',
  group: 'apps',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
  ...fields,
})
const clusterRole: Change = { action: 'Create', group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' }
const message = (changes: readonly Change[], template?: string) =>
  renderMessage(template, {
    changes,
    gitsync: 'shop/audit',
    author: { name: 'Ann', email: 'ann@example.com' },
    cluster: 'c1',
    time: '2026-01-31T12:00:00Z',
  })

test('one change', () => {
  expect(message([change()])).toBe('Update Deployment shop/web\n')
  expect(message([clusterRole])).toBe('Create ClusterRole admin\n')
})

test('several changes', () => {
  expect(
    message([change(), change({ action: 'Create', name: 'cart' }), change({ action: 'Delete', name: 'old' })]),
  ).toBe(
    'Update 3 objects in shop\n\n- Update Deployment shop/web\n- Create Deployment shop/cart\n- Delete Deployment shop/old\n',
  )
  expect(message([change({ action: 'Create' }), change({ action: 'Create', namespace: 'b' })])).toMatch(
    /^Create 2 objects in 2 namespaces\n/,
  )
  expect(message([clusterRole, { ...clusterRole, name: 'x' }])).toMatch(/^Create 2 objects\n/)
  expect(message([clusterRole, change()])).toMatch(/^Update 2 objects\n/)
})

test('at most 50 changes are listed', () => {
  const lines = message(Array.from({ length: 120 }, (_, i) => change({ name: `web-${i}` }))).split('\n')
  expect(lines).toHaveLength(54)
  expect(lines.slice(-3)).toEqual(['- Update Deployment shop/web-49', '- and 70 more', ''])
})

test('every placeholder is filled', () => {
  const template = Object.keys(MESSAGE_PLACEHOLDER_DOCS)
    .map((name) => `${name}={${name}}`)
    .join(' ')
  expect(message([change()], template)).toBe(
    'action=Update kind=Deployment group=apps namespace=shop name=web count=1 summary=Update Deployment shop/web changes=- Update Deployment shop/web gitsync=shop/audit author=Ann email=ann@example.com manager= cluster=c1 time=2026-01-31T12:00:00Z\n',
  )
  expect(message([change(), change({ kind: 'Service', group: '' })], '{kind} {group} {namespace}/{name} {count}')).toBe(
    '* * shop/web 2\n',
  )
})

test('a message is never empty', () => {
  expect(message([clusterRole], '{namespace}')).toBe('Create ClusterRole admin\n')
})

test('a name cannot add lines', () => {
  expect(
    message([{ ...clusterRole, name: 'x\n\nSigned-off-by: somebody' }], '{summary}|{name}').split('\n'),
  ).toHaveLength(2)
})

test('unknown placeholders and empty templates are refused', () => {
  expect(() => parseMessageTemplate('{who} did it')).toThrow(/\{who\} is unknown; placeholders are \{action\}/)
  expect(() => parseMessageTemplate('{name')).toThrow(InvalidTemplateError)
  expect(() => parseMessageTemplate(' \n')).toThrow(/empty/)
})

test('who, by which program, where and when', () => {
  const template = '{author} <{email}> {manager} {cluster} {time}'
  expect(message([change({ manager: 'kubectl-edit' })], template)).toBe(
    'Ann <ann@example.com> kubectl-edit c1 2026-01-31T12:00:00Z\n',
  )
  expect(message([change({ manager: 'a' }), change({ manager: 'b' })], '{manager}')).toBe('*\n')
})
