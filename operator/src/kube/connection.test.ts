import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConnection } from './connection.ts'
import { manualClock } from './testing/manual-clock.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n'
const base64 = (text: string) => Buffer.from(text).toString('base64')
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kube-'))
})
afterEach(() => rm(dir, { recursive: true }))

async function kubeconfig(user: object, name = 'config', cluster: object = {}): Promise<string> {
  const path = join(dir, name)
  const content = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example.com:6443/base', ...cluster } }],
    users: [{ name: 'u', user }],
  }
  await writeFile(path, JSON.stringify(content))
  return path
}

describe('kubeconfig', () => {
  test('server, certificates, namespace, token and impersonation', async () => {
    await writeFile(join(dir, 'ca.pem'), PEM)
    const path = await kubeconfig({ token: 't', as: 'jane', 'as-groups': ['dev', 'ops'] }, 'config', {
      'certificate-authority': 'ca.pem',
      'tls-server-name': 'kubernetes',
      'proxy-url': 'http://proxy:3128',
    })
    const connection = await loadConnection({ kubeconfig: path, env: {} })
    expect(connection).toMatchObject({
      tls: { ca: PEM, servername: 'kubernetes' },
      namespace: 'shop',
      proxyUrl: 'http://proxy:3128',
    })
    expect(connection.server.href).toBe('https://api.example.com:6443/base')
    expect((await connection.credentials.get()).headers).toEqual({
      authorization: 'Bearer t',
      'impersonate-user': 'jane',
      'impersonate-group': ['dev', 'ops'],
    })
  })

  test('client certificates, name and password', async () => {
    await writeFile(join(dir, 'key.pem'), PEM)
    const certificate = await kubeconfig({ 'client-certificate-data': base64(PEM), 'client-key': 'key.pem' })
    expect(await (await loadConnection({ kubeconfig: certificate, env: {} })).credentials.get()).toEqual({
      headers: {},
      cert: PEM,
      key: PEM,
    })
    const basic = await kubeconfig({ username: 'n', password: 'p' })
    const { credentials } = await loadConnection({ kubeconfig: basic, env: {} })
    expect((await credentials.get()).headers).toEqual({ authorization: `Basic ${base64('n:p')}` })
  })

  test('a token file is read again after a minute, and at once after a refusal', async () => {
    const clock = manualClock()
    const token = join(dir, 'token')
    await writeFile(token, 'one\n')
    const { credentials } = await loadConnection({
      kubeconfig: await kubeconfig({ tokenFile: 'token' }),
      env: {},
      clock,
    })
    const authorization = async () => (await credentials.get()).headers['authorization']
    expect(await authorization()).toBe('Bearer one')
    await writeFile(token, 'two')
    expect(await authorization()).toBe('Bearer one')
    clock.advance(60_001)
    expect(await authorization()).toBe('Bearer two')
    await writeFile(token, 'three')
    expect(credentials.invalidate()).toBe(true)
    expect(await authorization()).toBe('Bearer three')
  })

  test('of several files the first one that names something wins', async () => {
    const one = await kubeconfig({ token: 'one' }, 'one')
    const two = await kubeconfig({ token: 'two' }, 'two')
    const { credentials } = await loadConnection({ env: { KUBECONFIG: `${one}:${two}` } })
    expect((await credentials.get()).headers).toEqual({ authorization: 'Bearer one' })
  })

  test.each([
    ['{', 'is not YAML: correct it, or make it anew with kubectl config view'],
    ['text', 'bad is no kubeconfig: Invalid input: expected object'],
    ['clusters: 3', 'bad is no kubeconfig: clusters: '],
    ['{}', 'current-context is not set'],
    ['{current-context: x}', 'no context named x: it has none: add one with kubectl config set-context'],
    [
      '{current-context: x, contexts: [{name: a, context: {cluster: y}}, {name: b, context: {cluster: y}}]}',
      'no context named x: choose one of a, b with kubectl config use-context',
    ],
    [
      '{current-context: x, contexts: [{name: x, context: {cluster: y, user: z}}]}',
      'names cluster y, which does not exist: add it with kubectl config set-cluster',
    ],
  ])('%s: %s', async (text, message) => {
    const path = join(dir, 'bad')
    await writeFile(path, text)
    await expect(loadConnection({ kubeconfig: path, env: {} })).rejects.toMatchObject({
      code: 'Configuration',
      message: expect.stringContaining(message),
    })
  })
})

describe('credential programs', () => {
  const exec = (script: string) => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      env: [{ name: 'E', value: 'v' }],
    },
  })

  test('run once for all who wait, with their environment, and again when the credential expires or is refused', async () => {
    const clock = manualClock(Date.parse('2030-01-01T00:00:00Z'))
    const script = `
      const fs = require('node:fs'); fs.appendFileSync('${join(dir, 'runs')}', 'x')
      const n = fs.readFileSync('${join(dir, 'runs')}').length
      const { spec, kind } = JSON.parse(process.env.KUBERNETES_EXEC_INFO)
      const token = [n, process.env.E, process.env.OUTER, kind, spec.interactive].join()
      console.log(JSON.stringify({ status: { token, expirationTimestamp: '2030-01-01T00:01:00Z' } }))`
    const path = await kubeconfig(exec(script))
    const { credentials } = await loadConnection({ kubeconfig: path, env: { OUTER: 'o' }, clock })
    const both = await Promise.all([credentials.get(), credentials.get()])
    expect(both[0]?.headers).toEqual({ authorization: 'Bearer 1,v,o,ExecCredential,false' })
    expect(both[1]).toEqual(both[0])
    clock.advance(51_000)
    expect((await credentials.get()).headers['authorization']).toContain('Bearer 2')
    credentials.invalidate()
    expect((await credentials.get()).headers['authorization']).toContain('Bearer 3')
  })

  test.each([
    ["console.error('s3cret'); process.exit(3)", 'failed: 3'],
    ["console.log('s3cret')", 'did not print an ExecCredential'],
  ])('failing: %s', async (script, message) => {
    const { credentials } = await loadConnection({ kubeconfig: await kubeconfig(exec(script)), env: {} })
    const error = await credentials.get().catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'Unauthorized', message: expect.stringContaining(message) })
    expect(String(error)).not.toContain('s3cret')
    await expect(credentials.get()).rejects.toThrow(message)
  })
})

test('auth-provider plugins come from the official client', async () => {
  const expired = `${base64('{}')}.${base64(JSON.stringify({ exp: 4_000_000_000 }))}.x`
  const user = { 'auth-provider': { name: 'oidc', config: { 'id-token': expired } } }
  const { credentials } = await loadConnection({ kubeconfig: await kubeconfig(user), env: {} })
  expect((await credentials.get()).headers).toEqual({ authorization: `Bearer ${expired}` })
})

test('in a Pod: address, certificate, namespace and token as mounted; a kubeconfig goes before, the fallback after', async () => {
  await mkdir(join(dir, 'sa'))
  for (const [name, text] of Object.entries({ 'ca.crt': PEM, namespace: 'gitsync\n', token: 'pod' })) {
    await writeFile(join(dir, 'sa', name), text)
  }
  const path = await kubeconfig({})
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
  const options = { env, serviceAccountRoot: join(dir, 'sa'), fallback: path }
  const connection = await loadConnection(options)
  expect(connection.server.origin).toBe('https://[fd00::1]:6443')
  expect(connection.namespace).toBe('gitsync')
  expect(await connection.credentials.get()).toEqual({ headers: { authorization: 'Bearer pod' } })
  expect((await loadConnection({ ...options, env: { ...env, KUBECONFIG: path } })).namespace).toBe('shop')
  expect((await loadConnection({ ...options, env: {} })).namespace).toBe('shop')
  await expect(loadConnection({ env: {} })).rejects.toMatchObject({ code: 'Configuration' })
})
