import { expect, test } from 'vitest'
import { parseExact } from '../objects/exact-json.ts'
import { createProtection } from '../render/secrets/protection.ts'
import { dashboardIdentity } from './known-resources.ts'
import { renderDashboard, syncOf } from './render-dashboard.ts'

const object = (spec: object) => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'Dashboard',
  metadata: { name: 'checkout', namespace: 'shop' },
  spec: { syncRef: { name: 'sync' }, ...spec },
})
const render = (spec: object, protection?: ReturnType<typeof createProtection>) =>
  renderDashboard(object(spec), { identity: dashboardIdentity('shop', 'checkout'), protection })

test('text and model give the same file, numbers as the API server has them', () => {
  const text = '{"title": "A b", "panels": [{"max": 9007199254740993}]}'
  const byText = render({ source: { json: text } })
  const byModel = render({ source: { model: parseExact(text) } })
  expect(Buffer.from(byModel.bytes).toString()).toBe(Buffer.from(byText.bytes).toString())
  expect(byModel.file).toEqual(byText.file)
  expect(byText.file).toMatchObject({
    key: 'Dashboard.gitsync.dev/shop/checkout',
    path: 'dashboards/a-b.json',
    isOpaque: true,
    title: 'A b',
  })
  expect(render({ path: 'x/y.json', source: { json: text } }).file.path).toBe('x/y.json')
})

test('what the API server would have refused is refused here too', () => {
  expect(() => render({ source: {} })).toThrow('give one of json, model, configMapRef and grafana')
  expect(() => render({ path: '../x.json', source: { json: '{}' } })).toThrow('spec.path')
})

test('what is marked as sensitive is not shown', () => {
  const source = { model: { title: 'x', token: 'secret' } }
  const marked = createProtection({ policy: 'Redact' }, ['/spec/source/model/token'])
  expect(() => render({ source }, marked)).toThrow(
    'spec.sensitive of the GitSync marks a field of Dashboard checkout, which the file would show',
  )
  expect(render({ source: { model: { title: 'x' } } }, marked).file.path).toBe('dashboards/x.json')
})

test('the GitSync that it names is one of its own namespace', () => {
  expect(syncOf(object({}))).toBe('shop/sync')
  expect(syncOf({ ...object({}), spec: undefined })).toBeUndefined()
})
