import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { component } from '../components/index.ts'
import { run, startProcess } from '../process/index.ts'
import { startApiServer, type EmbeddedApiServer } from './index.ts'
import { WIDGETS } from './test-client.ts'

let server: EmbeddedApiServer
let binary: string
let folder: string
let flags: string[]

beforeAll(async () => {
  binary = await component('kubectl')
  folder = await mkdtemp(join(tmpdir(), 'kubectl-'))
  server = await startApiServer()
  const kubeconfig = join(folder, 'kubeconfig')
  await server.writeKubeconfig(kubeconfig)
  flags = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache')]
}, 600_000)
afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const kubectl = async (...args: string[]): Promise<string> => (await run(binary, [...flags, ...args])).stdout.toString()
const file = async (object: object): Promise<string> => {
  const path = join(folder, 'object.json')
  await writeFile(path, JSON.stringify(object))
  return path
}
const deployment = (image: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          { name: 'web', image },
          { name: 'side', image: 'side:1' },
        ],
      },
    },
  },
})
const images = () => kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[*].image}')

test('discovery: api-resources, version, explain of a custom kind', async () => {
  expect(await kubectl('api-resources')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
  expect(await kubectl('version')).toContain('Server Version: v1.34')
  await kubectl('create', '-f', await file(WIDGETS))
  await kubectl('wait', '--for=condition=Established', 'crd/widgets.test.io', '--timeout=10s')
  expect(await kubectl('explain', 'widgets.spec.count')).toContain('integer')
})

test('create, get as a table, as YAML and by selectors, delete', async () => {
  await kubectl('create', 'configmap', 'settings', '--from-literal=a=1')
  await kubectl('label', 'configmap', 'settings', 'app=web')
  expect(await kubectl('get', 'cm')).toMatch(/^NAME +DATA +AGE\n(.*\n)*settings +1 +\d+s$/m)
  expect(await kubectl('get', 'cm', 'settings', '-o', 'yaml')).toContain('data:\n  a: "1"\n')
  expect(await kubectl('get', 'cm', '-A', '-l', 'app=web', '-o', 'name')).toBe('configmap/settings\n')
  const byField = ['--field-selector', 'metadata.name=settings,metadata.namespace=default']
  expect(await kubectl('get', 'cm', '-A', ...byField, '-o', 'name')).toBe('configmap/settings\n')
  expect(await kubectl('describe', 'cm', 'settings')).toContain('Name:         settings')
  await kubectl('delete', 'cm', 'settings')
  await expect(kubectl('get', 'cm', 'settings')).rejects.toThrow(/NotFound/)
})

test('kinds that kubectl sends as protobuf keep all their fields', async () => {
  await kubectl('create', 'deployment', 'idle', '--image=idle:1', '--replicas=0', '--port=80', '--', 'sleep', '1')
  expect(server.objects.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'idle' })).toMatchObject({
    metadata: { labels: { app: 'idle' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'idle' } },
      template: {
        spec: {
          containers: [{ name: 'idle', image: 'idle:1', command: ['sleep', '1'], ports: [{ containerPort: 80 }] }],
        },
      },
    },
  })
  await kubectl('create', 'secret', 'generic', 'token', '--from-literal=password=x')
  expect(await kubectl('get', 'secret', 'token', '-o', 'jsonpath={.data.password}')).toBe('eA==')
  await kubectl('create', 'ingress', 'site', '--rule=a.test/x=web:80')
  const rules = await kubectl(
    'get',
    'ingress',
    'site',
    '-o',
    'jsonpath={.spec.rules[0].http.paths[0].backend.service.port.number}',
  )
  expect(rules).toBe('80')
})

test('apply three ways merges; set, scale, annotate, patch, edit and replace change', async () => {
  expect(await kubectl('apply', '-f', await file(deployment('web:1')))).toBe('deployment.apps/web created\n')
  await kubectl('set', 'image', 'deployment/web', 'side=side:2')
  expect(await kubectl('apply', '-f', await file(deployment('web:2')))).toBe('deployment.apps/web configured\n')
  expect(await images()).toBe('web:2 side:1')
  expect(await kubectl('apply', '-f', await file(deployment('web:2')))).toBe('deployment.apps/web unchanged\n')
  await kubectl('scale', 'deployment', 'web', '--replicas=3')
  await kubectl('annotate', 'deployment', 'web', 'note=yes')
  await kubectl(
    'patch',
    'deployment',
    'web',
    '-p',
    '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:9"}]}}}}',
  )
  expect(await images()).toBe('web:2 side:9')
  const env = { ...process.env, EDITOR: 'sed -i s/side:9/side:10/' }
  await run(binary, [...flags, 'edit', 'deployment', 'web'], { env })
  expect(await images()).toBe('web:2 side:10')
  const object = server.objects.get({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' })
  expect(object?.['spec']).toMatchObject({ replicas: 3 })
  expect(object?.metadata.annotations?.['note']).toBe('yes')
  expect(object?.metadata.managedFields?.map(({ manager }) => manager)).toContain('kubectl-client-side-apply')
  expect(await kubectl('describe', 'deployment', 'web')).toMatch(/Replicas: +3 desired/)
  expect(await kubectl('replace', '-f', await file(deployment('web:3')))).toContain('replaced')
})

test('custom resources: strict fields, printer columns, wait for a condition', async () => {
  const widget = { apiVersion: 'test.io/v1', kind: 'Widget', metadata: { name: 'w' }, spec: { mode: 'fast' } }
  const wrong = await file({ ...widget, spec: { mode: 'fast', typo: 1 } })
  await expect(kubectl('create', '-f', wrong)).rejects.toThrow(/strict decoding error: unknown field "spec.typo"/)
  await kubectl('create', '-f', await file(widget))
  const waiting = kubectl('wait', '--for=condition=Ready', 'widget/w', '--timeout=20s')
  await expect.poll(() => server.openWatches).toBeGreaterThan(0)
  const conditions = [{ type: 'Ready', status: 'True' }]
  const object = server.objects.get({ apiVersion: 'test.io/v1', kind: 'Widget', name: 'w' })
  server.objects.updateStatus({ ...object, status: { conditions } })
  expect(await waiting).toBe('widget.test.io/w condition met\n')
  expect(await kubectl('get', 'wd')).toMatch(/^NAME +MODE +READY\nw +fast +True\n$/)
})

test('get -w prints changes as they come', async () => {
  await kubectl('create', 'namespace', 'watched')
  const args = [...flags, 'get', 'cm', '-n', 'watched', '-w', '-o', 'name']
  const watch = await startProcess(binary, args, { ready: { line: /kube-root-ca\.crt/ } })
  server.objects.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fresh', namespace: 'watched' } })
  await expect.poll(() => watch.output()).toContain('configmap/fresh')
  await watch.stop()
  await kubectl('delete', 'namespace', 'watched', '--timeout=20s')
})

test('auth can-i goes by the stored roles, server-side apply is refused clearly', async () => {
  await kubectl('create', 'role', 'reader', '--verb=get,list', '--resource=pods')
  await kubectl('create', 'rolebinding', 'reader', '--role=reader', '--user=alice', '--serviceaccount=default:bot')
  expect(await kubectl('auth', 'can-i', 'list', 'pods', '--as', 'alice')).toBe('yes\n')
  expect(await kubectl('auth', 'can-i', 'list', 'pods', '--as', 'system:serviceaccount:default:bot')).toBe('yes\n')
  await expect(kubectl('auth', 'can-i', 'list', 'secrets', '--as', 'alice')).rejects.toMatchObject({ stdout: 'no\n' })
  await expect(kubectl('get', 'secrets', '--as', 'alice')).rejects.toThrow(
    /User "alice" cannot list resource "secrets"/,
  )
  const apply = kubectl('apply', '--server-side', '-f', await file(deployment('web:4')))
  await expect(apply).rejects.toThrow(/server-side apply .* is not implemented by the embedded API server/)
})
