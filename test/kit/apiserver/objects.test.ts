import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApiServer, type EmbeddedApiServer } from './index.ts'
import { testClient, WIDGETS } from './test-client.ts'

let server: EmbeddedApiServer
let client: ReturnType<typeof testClient>
const MAPS = '/api/v1/namespaces/default/configmaps'
const WIDGET_PATH = '/apis/test.io/v1/namespaces/default/widgets'
const widget = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'test.io/v1',
  kind: 'Widget',
  metadata: { name, ...metadata },
  spec,
})

beforeAll(async () => {
  server = await startApiServer({ crds: [WIDGETS] })
  client = testClient(server.url)
})
afterAll(() => server.stop())

describe('metadata', () => {
  test('creating sets what the server owns and ignores what the client says of it', async () => {
    const given = { name: 'meta', uid: 'mine', generation: 9, deletionTimestamp: '2020-01-01T00:00:00Z' }
    const { code, body } = await client.post(`${MAPS}?fieldManager=tester`, { metadata: given, data: { a: '1' } })
    expect(code).toBe(201)
    expect(body).toMatchObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'meta', namespace: 'default' },
    })
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(body.metadata).not.toHaveProperty('generation')
    expect(body.metadata).not.toHaveProperty('deletionTimestamp')
    expect(body.metadata.managedFields).toMatchObject([{ manager: 'tester', operation: 'Update', apiVersion: 'v1' }])
  })

  test.each([
    ['no namespace', '/api/v1/namespaces/nope/configmaps', { metadata: { name: 'a' } }, 404],
    ['another namespace', MAPS, { metadata: { name: 'a', namespace: 'kube-system' } }, 400],
    ['a bad name', MAPS, { metadata: { name: 'A' } }, 422],
    ['no name', MAPS, { metadata: {} }, 422],
    ['a number for a string', MAPS, { metadata: { name: 'n' }, data: { a: 1 } }, 400],
    ['another kind', MAPS, { kind: 'Secret', metadata: { name: 'n' } }, 400],
    ['a version', MAPS, { metadata: { name: 'n', resourceVersion: '1' } }, 500],
  ])('creating with %s is refused', async (_what, path, object, code) => {
    expect((await client.post(path, object)).code).toBe(code)
  })

  test('names with a colon are fine for RBAC kinds alone', async () => {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
    expect((await client.get(`${path}/system:node`)).code).toBe(200)
    expect((await client.post(path, { metadata: { name: 'a:B' }, rules: [] })).code).toBe(201)
    expect((await client.post(MAPS, { metadata: { name: 'a:b' } })).code).toBe(422)
  })

  test('generateName appends five characters', async () => {
    const { body } = await client.post(MAPS, { metadata: { generateName: 'gen-' } })
    expect(body.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/)
  })

  test('an existing name and a stale version are conflicts', async () => {
    const { body } = await client.post(MAPS, { metadata: { name: 'stale' } })
    expect((await client.post(MAPS, { metadata: { name: 'stale' } })).body.reason).toBe('AlreadyExists')
    expect((await client.put(`${MAPS}/stale`, { ...body, data: { a: '1' } })).code).toBe(200)
    expect((await client.put(`${MAPS}/stale`, { ...body, data: { a: '2' } })).body).toMatchObject({
      code: 409,
      reason: 'Conflict',
    })
  })

  test('a write that changes nothing keeps the version', async () => {
    const { body } = await client.post(MAPS, { metadata: { name: 'same' }, data: { a: '1' } })
    const again = await client.merge(`${MAPS}/same?fieldManager=other`, { data: { a: '1' } })
    expect(again.body).toEqual(body)
  })

  test('a dry run answers and stores nothing', async () => {
    expect((await client.post(`${MAPS}?dryRun=All`, { metadata: { name: 'dry' } })).code).toBe(201)
    expect((await client.get(`${MAPS}/dry`)).code).toBe(404)
  })

  test('an immutable ConfigMap keeps its data, not its labels', async () => {
    await client.post(MAPS, { metadata: { name: 'frozen' }, data: { a: '1' }, immutable: true })
    expect((await client.merge(`${MAPS}/frozen`, { data: { a: '2' } })).code).toBe(422)
    expect((await client.merge(`${MAPS}/frozen`, { metadata: { labels: { a: 'b' } } })).code).toBe(200)
  })
})

describe('numbers', () => {
  test('come back in the spelling in which they were sent, also through a patch and a watch', async () => {
    const text =
      '{"apiVersion":"test.io/v1","kind":"Widget","metadata":{"name":"exact"},"spec":{"mode":"fast","free":{"big":9007199254740993,"one":1.0,"e":1e3,"small":-0,"list":[1.50]}}}'
    const created = await client.post(WIDGET_PATH, text)
    const spelled = '"free":{"big":9007199254740993,"one":1.0,"e":1e3,"small":-0,"list":[1.50]}'
    expect(created.text).toContain(spelled)
    await client.merge(`${WIDGET_PATH}/exact`, { metadata: { labels: { touched: 'yes' } } })
    expect((await client.get(WIDGET_PATH)).text).toContain(spelled)
    const patched = await client.merge(`${WIDGET_PATH}/exact`, '{"spec":{"free":{"more":2.0}}}')
    expect(patched.text).toContain('"list":[1.50],"more":2.0}')
  })
})

describe('custom resources', () => {
  test('unknown fields are refused with Strict, reported with Warn and dropped', async () => {
    const object = { ...widget('unknown', { mode: 'fast', bar: 1, free: { kept: 1 } }), q: 1 }
    const strict = await client.post(`${WIDGET_PATH}?fieldValidation=Strict`, object)
    expect(strict.body).toMatchObject({
      code: 400,
      message:
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "q", unknown field "spec.bar"',
    })
    const warned = await client.post(WIDGET_PATH, object)
    expect(warned.headers.get('warning')).toContain('299 - "unknown field \\"spec.bar\\""')
    expect(warned.body.spec).toEqual({ mode: 'fast', count: 3, free: { kept: 1 } })
    expect(warned.body).not.toHaveProperty('q')
  })

  test.each([
    ['spec', undefined, 'spec: Required value'],
    ['spec.mode', { count: 1 }, 'spec.mode: Required value'],
    ['enum', { mode: 'x' }, 'spec.mode: Unsupported value: "x": supported values: "fast", "slow"'],
    [
      'minimum',
      { mode: 'fast', count: 0 },
      'spec.count: Invalid value: 0: spec.count in body should be greater than or equal to 1',
    ],
    [
      'maximum',
      { mode: 'fast', count: 6 },
      'spec.count: Invalid value: 6: spec.count in body should be less than or equal to 5',
    ],
    [
      'type',
      { mode: 'fast', count: 'x' },
      'spec.count: Invalid value: "string": spec.count in body must be of type integer: "string"',
    ],
    ['maxLength', { mode: 'fast', name: 'abcde' }, 'spec.name: Too long: may not be more than 4 bytes'],
    [
      'minLength',
      { mode: 'fast', name: 'a' },
      'spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long',
    ],
    [
      'pattern',
      { mode: 'fast', name: 'A1' },
      'spec.name: Invalid value: "A1": spec.name in body should match \'^[a-z]*$\'',
    ],
    ['set', { mode: 'fast', tags: ['a', 'a'] }, 'spec.tags[1]: Duplicate value: "a"'],
    ['maxItems', { mode: 'fast', tags: ['a', 'b', 'c'] }, 'spec.tags: Too many: 3: must have at most 2 items'],
    [
      'int-or-string',
      { mode: 'fast', port: true },
      'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    ],
    [
      'additionalProperties',
      { mode: 'fast', labels: { k: 'v' } },
      'spec.labels.k: Invalid value: "string": spec.labels.k in body must be of type integer: "string"',
    ],
  ])('the schema rule %s is kept', async (_rule, spec, message) => {
    const { code, body } = await client.post(WIDGET_PATH, { ...widget('bad', {}), spec })
    expect(code).toBe(422)
    expect(body.message).toBe(`Widget.test.io "bad" is invalid: ${message}`)
  })

  test('spec and status are written apart, and only the spec counts as a generation', async () => {
    await client.post(WIDGET_PATH, { ...widget('parts', { mode: 'fast' }), status: { replicas: 7 } })
    const spec = await client.merge(`${WIDGET_PATH}/parts`, { spec: { mode: 'slow' }, status: { replicas: 1 } })
    expect(spec.body).toMatchObject({ metadata: { generation: 2 }, spec: { mode: 'slow' } })
    expect(spec.body).not.toHaveProperty('status')
    const status = await client.merge(`${WIDGET_PATH}/parts/status`, {
      spec: { mode: 'fast' },
      status: { replicas: 1 },
    })
    expect(status.body).toMatchObject({ metadata: { generation: 2 }, spec: { mode: 'slow' }, status: { replicas: 1 } })
    const labels = await client.merge(`${WIDGET_PATH}/parts`, { metadata: { labels: { a: 'b' } } })
    expect(labels.body.metadata.generation).toBe(2)
  })

  test('a PUT must say which version it replaces', async () => {
    await client.post(WIDGET_PATH, widget('blind', { mode: 'fast' }))
    expect((await client.put(`${WIDGET_PATH}/blind`, widget('blind', { mode: 'slow' }))).code).toBe(422)
  })

  test('strategic merge and apply patches get 415', async () => {
    await client.post(WIDGET_PATH, widget('media', { mode: 'fast' }))
    const patch = (type: string) => client.send('PATCH', `${WIDGET_PATH}/media`, {}, { 'content-type': type })
    expect((await patch('application/strategic-merge-patch+json')).code).toBe(415)
    const apply = await patch('application/apply-patch+yaml')
    expect(apply.code).toBe(415)
    expect(apply.body.message).toContain('server-side apply')
  })

  test('scale reads and writes the replicas', async () => {
    await client.post(WIDGET_PATH, widget('scaled', { mode: 'fast', replicas: 2 }))
    const { body } = await client.get(`${WIDGET_PATH}/scaled/scale`)
    expect(body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } })
    await client.put(`${WIDGET_PATH}/scaled/scale`, { ...body, spec: { replicas: 4 } })
    expect((await client.get(`${WIDGET_PATH}/scaled`)).body.spec.replicas).toBe(4)
  })
})

describe('deletion', () => {
  test('finalizers hold an object, marked, until they are removed; none can be added meanwhile', async () => {
    await client.post(WIDGET_PATH, widget('held', { mode: 'fast' }, { finalizers: ['test.io/a'] }))
    const marked = await client.delete(`${WIDGET_PATH}/held`)
    expect(marked.body.metadata).toMatchObject({ generation: 2, deletionGracePeriodSeconds: 0 })
    expect(marked.body.metadata.deletionTimestamp).toBeDefined()
    const added = await client.merge(`${WIDGET_PATH}/held`, { metadata: { finalizers: ['test.io/a', 'test.io/b'] } })
    expect(added.code).toBe(422)
    expect((await client.merge(`${WIDGET_PATH}/held`, { metadata: { finalizers: null } })).code).toBe(200)
    expect((await client.get(`${WIDGET_PATH}/held`)).code).toBe(404)
  })

  test('preconditions are checked', async () => {
    const { body } = await client.post(MAPS, { metadata: { name: 'pre' } })
    expect((await client.delete(`${MAPS}/pre`, { preconditions: { uid: 'other' } })).code).toBe(409)
    const { resourceVersion } = body.metadata
    expect((await client.delete(`${MAPS}/pre`, { preconditions: { resourceVersion } })).code).toBe(200)
  })

  const owned = (name: string, owner: { uid: string; name: string }, blocks = false) => ({
    metadata: {
      name,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: owner.name, uid: owner.uid, blockOwnerDeletion: blocks },
      ],
    },
  })

  test('dependents go with their last owner, stay with Orphan, and go first with Foreground', async () => {
    const create = async (name: string) => (await client.post(MAPS, { metadata: { name } })).body.metadata
    await client.post(MAPS, owned('child-1', await create('owner-1')))
    await client.post(MAPS, owned('child-2', await create('owner-2')))
    await client.post(MAPS, owned('child-3', await create('owner-3'), true))
    await client.delete(`${MAPS}/owner-1`)
    await client.delete(`${MAPS}/owner-2`, { propagationPolicy: 'Orphan' })
    const waiting = await client.delete(`${MAPS}/owner-3`, { propagationPolicy: 'Foreground' })
    expect(waiting.body.metadata.finalizers).toEqual(['foregroundDeletion'])
    server.settle()
    expect((await client.get(`${MAPS}/child-1`)).code).toBe(404)
    expect((await client.get(`${MAPS}/child-2`)).body.metadata).not.toHaveProperty('ownerReferences')
    expect((await client.get(`${MAPS}/child-3`)).code).toBe(404)
    expect((await client.get(`${MAPS}/owner-3`)).code).toBe(404)
  })

  test('an object whose owner never existed is collected', async () => {
    await client.post(MAPS, owned('stray', { uid: 'none', name: 'none' }))
    server.settle()
    expect((await client.get(`${MAPS}/stray`)).code).toBe(404)
  })

  test('a namespace is filled when created, empties before it goes, and takes nothing new meanwhile', async () => {
    await client.post('/api/v1/namespaces', { metadata: { name: 'short' } })
    server.settle()
    const path = '/api/v1/namespaces/short/configmaps'
    expect((await client.get(`${path}/kube-root-ca.crt`)).code).toBe(200)
    expect((await client.get('/api/v1/namespaces/short/serviceaccounts/default')).code).toBe(200)
    await client.post(path, { metadata: { name: 'stays', finalizers: ['test.io/a'] } })
    const marked = await client.delete('/api/v1/namespaces/short')
    expect(marked.body.status.phase).toBe('Terminating')
    server.settle()
    expect((await client.get(`${path}/kube-root-ca.crt`)).code).toBe(404)
    expect((await client.post(path, { metadata: { name: 'late' } })).body.details.causes[0].reason).toBe(
      'NamespaceTerminating',
    )
    await client.merge(`${path}/stays`, { metadata: { finalizers: null } })
    server.settle()
    expect((await client.get('/api/v1/namespaces/short')).code).toBe(404)
  })

  test('a deleted definition takes its instances along, with events, and then its paths', async () => {
    const name = 'gadgets.test.io'
    const names = { plural: 'gadgets', kind: 'Gadget' }
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const path = '/apis/test.io/v1/namespaces/default/gadgets'
    const gadget = { apiVersion: 'test.io/v1', kind: 'Gadget', metadata: { name: 'g' }, spec: { mode: 'fast' } }
    expect((await client.get(path)).code).toBe(404)
    await client.post(definitions, { ...WIDGETS, metadata: { name }, spec: { ...WIDGETS.spec, names } })
    expect((await client.post(path, gadget)).code).toBe(201)
    const watch = await client.watch(`${path}?watch=1`)
    const terminating = await client.watch(`${definitions}?watch=1&fieldSelector=metadata.name=${name}`)
    expect((await client.delete(`${definitions}/${name}`)).body.metadata.finalizers).toHaveLength(1)
    expect((await watch.take(2)).map(({ type }) => type)).toEqual(['ADDED', 'DELETED'])
    expect(await watch.next()).toBeUndefined()
    const reasons = (await terminating.take(4)).map(({ object }) => object.status.conditions.at(-1).reason)
    expect(reasons.slice(0, 3)).toEqual([
      'InitialNamesAccepted',
      'InstanceDeletionPending',
      'InstanceDeletionInProgress',
    ])
    terminating.close()
    expect((await client.get(path)).code).toBe(404)
  })
})
