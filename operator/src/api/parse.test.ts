import { expect, test } from 'vitest'
import { ACCEPTED, MINIMAL_SPEC, REFUSED } from './testing/cases.ts'
import { InvalidSpecError } from './invalid-spec.ts'
import { parseDashboard, parseGitProvider, parseGitSync } from './parse.ts'
import { ACCEPTED_DASHBOARDS, REFUSED_DASHBOARDS } from './testing/dashboard-cases.ts'
import { ACCEPTED_PROVIDERS, REFUSED_PROVIDERS } from './testing/provider-cases.ts'

const object = (spec: unknown, kind = 'GitSync') => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind,
  metadata: { name: 'shop', namespace: 'shop', uid: 'u' },
  spec,
})

test('defaults are filled in', () => {
  expect(parseGitSync(object(MINIMAL_SPEC)).spec).toEqual({
    repository: { url: 'https://git.example.com/a/b.git', branch: 'main', path: '.' },
    resources: [{ group: '', kind: 'ConfigMap' }],
    defaultExclusions: true,
    serviceAccountName: 'default',
    layout: { format: 'YAML', documents: 'One', existing: 'Edit', kustomization: false },
    fields: 'All',
    ignore: [],
    commit: { window: '5s', maxLatency: '1m' },
    push: { mode: 'Commit' },
    prune: 'Owned',
    onDrift: 'Overwrite',
    deletionPolicy: 'Keep',
    interval: '10m',
    secrets: 'Exclude',
    suspend: false,
  })
})

test('metadata and status are kept, unknown fields of the spec are left out', () => {
  const parsed = parseGitSync({ ...object({ ...MINIMAL_SPEC, later: 'Adopt' }), status: { files: 3 } })
  expect(parsed).toMatchObject({ metadata: { uid: 'u' }, status: { files: 3 } })
  expect(parsed.spec).not.toHaveProperty('later')
})

test.each(ACCEPTED)('accepted: %j', (spec) => {
  expect(() => parseGitSync(object(spec))).not.toThrow()
})

test.each(REFUSED)('refused: $name', ({ spec, field, message }) => {
  const parse = () => parseGitSync(object(spec))
  expect(parse).toThrow(InvalidSpecError)
  expect(parse).toThrow(message)
  try {
    parse()
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidSpec', field })
  }
})

test('a missing field is named', () => {
  expect(() => parseGitSync(object({ repository: { url: 'https://a' } }))).toThrow(
    'spec.resources is not set: it is required',
  )
  expect(() => parseGitSync(object(undefined))).toThrow('spec is not set: it is required')
})

test('GitProvider: defaults and refusals', () => {
  expect(parseGitProvider(object({ hosts: ['git.example.com:8443'] }, 'GitProvider')).spec).toEqual({
    hosts: ['git.example.com:8443'],
    allowPrivateAddresses: false,
    allowPlainHttp: false,
  })
  for (const host of ['https://git.example.com', 'Git.example.com', 'a/b', '']) {
    expect(() => parseGitProvider(object({ hosts: [host] }, 'GitProvider')), host).toThrow(InvalidSpecError)
  }
  expect(() => parseGitProvider(object({ hosts: ['a'], caBundle: 'x' }, 'GitProvider'))).toThrow(/PEM certificates/)
  for (const { spec, message } of REFUSED_PROVIDERS) {
    expect(() => parseGitProvider(object({ hosts: ['a'], ...spec }, 'GitProvider')), String(message)).toThrow(message)
  }
  for (const spec of ACCEPTED_PROVIDERS) {
    expect(parseGitProvider(object({ hosts: ['a'], ...spec }, 'GitProvider')).spec).toMatchObject(spec)
  }
})

test.each(ACCEPTED_DASHBOARDS)('an accepted Dashboard: %j', (spec) => {
  expect(parseDashboard(object(spec, 'Dashboard')).spec).toEqual(spec)
})

test.each(REFUSED_DASHBOARDS)('a refused Dashboard: $spec', ({ spec, field, message }) => {
  const parse = () => parseDashboard(object(spec, 'Dashboard'))
  expect(parse).toThrow(message)
  expect(parse).toThrow(field)
})
