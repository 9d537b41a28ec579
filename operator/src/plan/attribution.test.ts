import { expect, test } from 'vitest'
import type { ManagedFieldsEntry } from '../objects/object.ts'
import { attribute } from './attribution.ts'
import type { AttributionOptions, SeenBefore } from './attribution.ts'
import { AUTHOR_SOURCES } from './authors/source.ts'

const object = (
  managedFields?: readonly ManagedFieldsEntry[],
  annotations?: Readonly<Record<string, string>>,
): Parameters<typeof attribute>[0] => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: 'settings',
    ...(managedFields === undefined ? {} : { managedFields }),
    ...(annotations === undefined ? {} : { annotations }),
  },
})
const options = (more: Partial<AttributionOptions> = {}): AttributionOptions => ({
  sources: new Set(AUTHOR_SOURCES),
  trusted: new Set(['system:serviceaccount:ui:grafana']),
  justNow: '',
  ...more,
})
const ask = (
  given: Parameters<typeof attribute>[0],
  before: SeenBefore = {},
  justNow = '',
): ReturnType<typeof attribute> => attribute(given, before, options({ justNow }))

test('the newest write that was not to a subresource counts', () => {
  const fields = [
    { manager: 'kubectl-edit', time: '2026-01-02T00:00:00Z' },
    { manager: 'helm', time: '2026-01-01T00:00:00Z' },
    { manager: 'kubelet', time: '2026-01-03T00:00:00Z', subresource: 'status' },
  ]
  expect(ask(object(fields))).toMatchObject({
    source: 'FieldManager',
    manager: 'kubectl-edit',
    time: '2026-01-02T00:00:00Z',
  })
})

test('nobody is credited where nobody is named', () => {
  expect(ask(object())).toEqual({})
  expect(ask(object([{ time: '2026-01-01T00:00:00Z' }])).source).toBeUndefined()
  expect(ask(object([{ manager: 'kubelet', subresource: 'status' }]))).toEqual({})
})

test('a write through /scale has no time, and is still its own', () => {
  const created = { manager: 'kubectl-create', time: '2026-01-01T00:00:00Z' }
  const scaled = { manager: 'hpa', subresource: 'scale' }
  const later = '2026-01-01T00:01:00Z'
  const first = ask(object([created]), {}, later)
  const second = ask(object([scaled, created]), first, later)
  expect(second.manager).toBe('hpa')
  expect(second.time).toBeUndefined()
  const edited = { manager: 'kubectl-edit', time: '2026-01-01T00:00:59Z' }
  expect(ask(object([scaled, created, edited]), second, later).manager).toBe('kubectl-edit')
})

test('a second write within the second is not taken for one without a time', () => {
  const scaled = { manager: 'hpa', subresource: 'scale' }
  const edited = { manager: 'kubectl-edit', time: '2026-01-01T00:00:00Z' }
  const justNow = '2025-12-31T23:59:57Z'
  expect(ask(object([scaled, edited]), { newest: edited.time }, justNow).manager).toBe('kubectl-edit')
})

test('of writes within one second the stamp tells whose the last one was', () => {
  const time = '2026-01-01T00:00:00Z'
  const fields = [
    { manager: 'a', time },
    { manager: 'b', time },
  ]
  const stamped = object(fields, { 'gitsync.dev/changed-by': 'alice@20' })
  expect(ask(stamped, { newest: time, version: '20' })).toMatchObject({ source: 'Stamp', user: { name: 'alice' } })
})

test('a stamp that a later write has left counts for nothing', () => {
  const fields = [{ manager: 'hpa', subresource: 'scale' }]
  const stale = object(fields, { 'gitsync.dev/changed-by': 'alice@5' })
  expect(ask(stale, { version: '12' })).toMatchObject({ source: 'FieldManager', manager: 'hpa' })
  // What was there before is not known: it may have been alice, or not.
  expect(ask(stale)).toMatchObject({ source: 'FieldManager' })
  const created = object(fields, { 'gitsync.dev/changed-by': 'alice@0' })
  expect(ask(created)).toMatchObject({ source: 'Stamp', user: { name: 'alice' } })
  expect(ask(created, { version: '3' })).toMatchObject({ source: 'FieldManager' })
  expect(ask(object(fields, { 'gitsync.dev/changed-by': 'alice@12' }), { version: 'abc' }).user).toBeUndefined()
})

test('only a trusted account speaks for others', () => {
  const annotations = (user: string): Record<string, string> => ({
    'gitsync.dev/changed-by': `${user}@7`,
    'gitsync.dev/on-behalf-of': 'carol',
  })
  const ui = 'system:serviceaccount:ui:grafana'
  expect(ask(object([], annotations(ui)), { version: '7' })).toMatchObject({
    source: 'TrustedAnnotation',
    user: { name: 'carol' },
  })
  expect(ask(object([], annotations('mallory')), { version: '7' })).toMatchObject({
    source: 'Stamp',
    user: { name: 'mallory' },
  })
  // The next write is somebody else's, and the annotation is still there.
  expect(ask(object([], annotations(ui)), { version: '8' }).source).toBeUndefined()
})

test('each source can be switched off', () => {
  const given = object([{ manager: 'm', time: '2026-01-01T00:00:00Z' }], { 'gitsync.dev/changed-by': 'alice@7' })
  const before = { version: '7' }
  const without = (...left: AttributionOptions['sources'] extends ReadonlySet<infer S> ? S[] : never) =>
    attribute(given, before, options({ sources: new Set(left), audited: { name: 'dave' } })).source
  expect(without('Stamp', 'FieldManager')).toBe('Stamp')
  expect(without('Audit', 'FieldManager')).toBe('Audit')
  expect(without('FieldManager')).toBe('FieldManager')
  expect(without()).toBeUndefined()
})
