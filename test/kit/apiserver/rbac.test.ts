import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from './index.ts'
import { testClient } from './test-client.ts'

let server: EmbeddedApiServer
let admin: ReturnType<typeof testClient>
const RBAC = 'rbac.authorization.k8s.io/v1'
const as = (token: string, more: Record<string, string> = {}) =>
  testClient(server.url, { authorization: `Bearer ${token}`, ...more })
const MAPS = '/api/v1/namespaces/default/configmaps'

beforeAll(async () => {
  server = await startApiServer()
  admin = testClient(server.url)
  const role = (name: string, rules: object[]) =>
    server.objects.create({ apiVersion: RBAC, kind: 'Role', metadata: { name }, rules })
  const bind = (name: string, subjects: object[]) =>
    server.objects.create({
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { kind: 'Role', name },
      subjects,
    })
  role('reader', [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }])
  bind('reader', [
    { kind: 'User', name: 'alice' },
    { kind: 'Group', name: 'auditors' },
    { kind: 'ServiceAccount', name: 'bot', namespace: 'kube-system' },
  ])
  role('one', [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['known'], verbs: ['get', 'list'] }])
  bind('one', [{ kind: 'Group', name: 'system:serviceaccounts:kube-system' }])
  role('status', [{ apiGroups: ['apps'], resources: ['*/status'], verbs: ['*'] }])
  bind('status', [{ kind: 'User', name: 'carol' }])
  server.objects.create({
    apiVersion: RBAC,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'viewers' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'User', name: 'dave' }],
  })
})
afterAll(() => server.stop())

const may = async (user: string, verb: string, resource: string, more: object = {}, groups: string[] = []) => {
  const resourceAttributes = { verb, resource, namespace: 'default', ...more }
  const { body } = await admin.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    spec: { user, groups, resourceAttributes },
  })
  return body.status
}

test.each([
  ['alice', 'list', 'configmaps', {}, true],
  ['alice', 'delete', 'configmaps', {}, false],
  ['alice', 'list', 'configmaps', { namespace: 'kube-system' }, false],
  ['alice', 'list', 'configmaps', { namespace: '' }, false],
  ['system:serviceaccount:kube-system:bot', 'watch', 'configmaps', {}, true],
  ['system:serviceaccount:default:bot', 'watch', 'configmaps', {}, false],
  ['carol', 'patch', 'deployments', { group: 'apps', subresource: 'status' }, true],
  ['carol', 'patch', 'deployments', { group: 'apps' }, false],
  ['dave', 'list', 'deployments', { group: 'apps', namespace: '' }, true],
  ['dave', 'list', 'secrets', {}, false],
])('a SubjectAccessReview: may %s %s %s %o? %s', async (user, verb, resource, more, allowed) => {
  expect((await may(user, verb, resource, more)).allowed).toBe(allowed)
})

test('groups and resource names count', async () => {
  expect((await may('x', 'list', 'configmaps', {}, ['auditors'])).reason).toBe(
    'RBAC: allowed by RoleBinding "reader" of Role "reader" to User "x"',
  )
  const groups = ['system:serviceaccounts:kube-system']
  expect((await may('x', 'get', 'secrets', { name: 'known' }, groups)).allowed).toBe(true)
  expect((await may('x', 'get', 'secrets', { name: 'other' }, groups)).allowed).toBe(false)
  expect((await may('x', 'list', 'secrets', {}, groups)).allowed).toBe(false)
})

test('requests of others than masters are held to the rules', async () => {
  expect((await as('alice').get(MAPS)).code).toBe(200)
  const { code, body } = await as('alice').post(MAPS, { metadata: { name: 'a' } })
  expect(code).toBe(403)
  expect(body.message).toBe(
    'configmaps is forbidden: User "alice" cannot create resource "configmaps" in API group "" in the namespace "default"',
  )
  expect((await as('alice').get('/apis')).code).toBe(200)
  expect((await as('alice').get('/metrics')).code).toBe(403)
  const named = '/api/v1/namespaces/default/secrets?fieldSelector=metadata.name%3Dknown'
  expect((await as('system:serviceaccount:kube-system:any').get(named)).code).toBe(200)
})

test('a binding takes effect, and stops doing so, at once', async () => {
  const name = 'late'
  expect((await as('erin').get(MAPS)).code).toBe(403)
  const roleRef = { kind: 'Role', name: 'reader' }
  server.objects.create({
    apiVersion: RBAC,
    kind: 'RoleBinding',
    metadata: { name },
    roleRef,
    subjects: [{ kind: 'User', name: 'erin' }],
  })
  expect((await as('erin').get(MAPS)).code).toBe(200)
  server.objects.delete({ apiVersion: RBAC, kind: 'RoleBinding', name })
  expect((await as('erin').get(MAPS)).code).toBe(403)
})

test('a labelled ClusterRole adds to the role that aggregates it', async () => {
  const attributes = { group: 'test.io', namespace: '' }
  expect((await may('dave', 'list', 'widgets', attributes)).allowed).toBe(false)
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }
  const rules = [{ apiGroups: ['test.io'], resources: ['widgets'], verbs: ['list'] }]
  server.objects.create({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name: 'view-widgets', labels }, rules })
  expect((await may('dave', 'list', 'widgets', attributes)).allowed).toBe(true)
})

test('impersonation is for those who may', async () => {
  const whoami = { metadata: {} }
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const headers = { 'impersonate-user': 'alice', 'impersonate-group': 'auditors' }
  const { body } = await testClient(server.url, headers).post(path, whoami)
  expect(body.status.userInfo).toEqual({ username: 'alice', groups: ['auditors', 'system:authenticated'] })
  expect((await as('dave', headers).post(path, whoami)).code).toBe(403)
})

test('a ServiceAccount gets a token that stands for it', async () => {
  const { body } = await admin.post('/api/v1/namespaces/default/serviceaccounts/default/token', { spec: {} })
  const me = await as(body.status.token).post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})
  expect(me.body.status.userInfo).toEqual({
    username: 'system:serviceaccount:default:default',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
  })
})

test('with a token table, other tokens are refused', async () => {
  const strict = await startApiServer({ tokens: { s3cret: { name: 'frank', groups: ['system:masters'] } } })
  expect((await testClient(strict.url, { authorization: 'Bearer s3cret' }).get(MAPS)).code).toBe(200)
  expect((await testClient(strict.url, { authorization: 'Bearer frank' }).get(MAPS)).code).toBe(401)
  await strict.stop()
})
