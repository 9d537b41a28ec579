/** Every message of the troubleshooting page beside the reasons, provoked: helm's, the API server's, the operator's own. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster } from '../kit/cluster/index.ts'
import type { Cluster } from '../kit/cluster/index.ts'
import { CHART, connectHelm } from '../kit/helm/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import { CommandError, run } from '../kit/process/index.ts'
import { ROOT } from './blocks.ts'

const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8')

/** First cells of the table below a heading. */
function messagesOf(heading: string): string[] {
  const [section = ''] = page.split(`# ${heading}\n`)[1]?.split(/\n##+ /) ?? []
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = '']) => message)
}

let cluster: Cluster
let helm: Helm
let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-docs-'))
  cluster = await startCluster()
  helm = await connectHelm({ kubeconfig: cluster.kubeconfig() })
  // Before there are definitions.
  await expect(apply(gitsync({}))).rejects.toThrow('no matches for kind "GitSync"')
  await helm(['install', 'gitsync-operator', CHART, '-n', 'gitsync-system', '--create-namespace'])
  await cluster.kubectl(['create', 'namespace', 'shop'])
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
})
afterAll(async () => {
  await helm?.close()
  await cluster?.stop()
  await rm(scratch, { recursive: true, force: true })
})

const apply = (object: object, user: 'admin' | 'alice' = 'admin'): Promise<string> =>
  cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object), user })

function gitsync(spec: object, repository: object = {}): object {
  return {
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitSync',
    metadata: { name: 'shop', namespace: 'shop' },
    spec: {
      repository: { url: 'https://git.example.com/platform/audit.git', ...repository },
      serviceAccountName: 'auditor',
      resources: [{ kind: 'ConfigMap' }],
      ...spec,
    },
  }
}

const provider = {
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitProvider',
  metadata: { name: 'corp' },
  spec: { hosts: ['https://git.example.com'] },
}

describe('errors of helm', () => {
  const wrong: Readonly<Record<string, string>> = {
    "additional properties 'replica' not allowed": 'replica=2',
    'got string, want array': 'namespaces=shop',
    'minimum: got 5, want 25': 'terminationGracePeriodSeconds=5',
    "value must be one of 'trace', 'debug', 'info', 'warn', 'error', 'fatal'": 'logLevel=loud',
    "at '/gitServer/enabled': value must be false": 'gitServer.enabled=true',
    'rbac.rolesOnly needs namespaces': 'rbac.rolesOnly=true',
    'serviceAccount.name is empty and serviceAccount.create is false': 'serviceAccount.create=false',
    'pushHooks.secretName is empty': 'pushHooks.enabled=true',
    'auditPage.enabled needs one replica': 'auditPage.enabled=true,replicas=2',
    'of the core group includes Secrets': 'watch.rules[0].apiGroups[0]=,watch.rules[0].resources[0]=secrets',
  }

  test('the page has these', () => expect(messagesOf('Errors of helm')).toEqual(Object.keys(wrong)))
  test.each(Object.entries(wrong))('%s', async (message, value) => {
    await expect(helm(['template', 'gitsync-operator', CHART, '--set', value])).rejects.toThrow(message)
  })
})

describe('errors of kubectl apply', () => {
  const wrong: Readonly<Record<string, object>> = {
    'url must start with http://, https:// or ssh://': gitsync({}, { url: 'git.example.com/platform/audit.git' }),
    'url must not contain a user or password': gitsync({}, { url: 'https://me:secret@git.example.com/audit.git' }),
    'path must not contain the parts . or ..': gitsync({}, { path: 'clusters/../other' }),
    'branch is the short name: write main, not refs/heads/main': gitsync({}, { branch: 'refs/heads/main' }),
    'Secrets are not written to Git while secrets is Exclude': gitsync({ resources: [{ kind: 'Secret' }] }),
    'encryption.recipients goes with secrets: Encrypt': gitsync({ secrets: 'Encrypt' }),
    'must be an age recipient': gitsync({ secrets: 'Encrypt', encryption: { recipients: ['age1me'] } }),
    'group: "*" goes with kind: "*" and without version': gitsync({ resources: [{ group: '*', kind: 'Deployment' }] }),
    'kind must be a kind such as ConfigMap (not a resource such as deployments.apps)': gitsync({
      resources: [{ group: 'apps', kind: 'deployments.apps' }],
    }),
    'group must be an API group such as apps (without the version)': gitsync({
      resources: [{ group: 'apps/v1', kind: 'Deployment' }],
    }),
    'must be between 0s and 10m': gitsync({ commit: { window: '1h', maxLatency: '1h' } }),
    'maxLatency must not be shorter than window': gitsync({ commit: { window: '2m', maxLatency: '1m' } }),
    'hosts are lower-case names or name:port': provider,
    'unknown field "spec.prunes"': gitsync({ prunes: 'Never' }),
  }

  test('the page has these', () =>
    expect(messagesOf('Errors of kubectl apply')).toEqual([...Object.keys(wrong), 'no matches for kind "GitSync"']))
  test.each(Object.entries(wrong))('%s', async (message, object) => {
    await expect(apply(object)).rejects.toThrow(message)
  })
})

test('admission: whoever may not use the account is told so, and the Role of the page lets them', async () => {
  const [message = ''] = messagesOf('Admission')
  const writer = { verbs: ['get', 'create', 'patch'], resources: ['gitsyncs.gitsync.dev'], namespace: 'shop' }
  await cluster.grant('alice', writer)
  // The policy is not in force at once.
  await expect
    .poll(() => apply(gitsync({}), 'alice').catch((error: Error) => error.message), { timeout: 20_000 })
    .toContain(message)
  const tenancy = readFileSync(join(ROOT, 'docs/tenancy.md'), 'utf8')
  const [, role = ''] = /```yaml\n([^`]*name: gitsync-writer[^`]*)```/.exec(tenancy) ?? []
  await cluster.kubectl(['apply', '-f', '-'], { input: role })
  await cluster.kubectl(['create', 'rolebinding', 'writer', '-n', 'shop', '--role=gitsync-writer', '--user=alice'])
  await expect
    .poll(() => apply(gitsync({}), 'alice').catch((error: Error) => error.message), { timeout: 20_000 })
    .toContain('gitsync.gitsync.dev/shop')
})

describe('the operator ends', () => {
  const PROGRAM = join(ROOT, 'operator/src/cli/gitsync-operator.ts')
  const start = async (...args: string[]): Promise<CommandError> => {
    const env = { PATH: process.env['PATH'] }
    const ended = await run(process.execPath, [PROGRAM, ...args], { env, timeout: 60_000 }).catch((error) => error)
    if (!(ended instanceof CommandError)) throw ended
    return ended
  }
  const withServer = async (url: string): Promise<string> => {
    const file = join(scratch, 'kubeconfig')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: url } }],
      users: [{ name: 'test', user: {} }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    }
    await writeFile(file, JSON.stringify(config))
    return file
  }
  const taken = async (): Promise<{ address: string; stop: () => void }> => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return { address: `127.0.0.1:${port}`, stop: () => server.close() }
  }
  const admin = (): string[] => ['--kubeconfig', cluster.kubeconfig()]
  const wrong: Readonly<Record<string, readonly [exitCode: number, start: () => Promise<CommandError>]>> = {
    'unknown option': [2, () => start('--nonsense')],
    ECONNREFUSED: [1, async () => start('--kubeconfig', await withServer('http://127.0.0.1:1'))],
    'kubeconfig: cannot read /nowhere (ENOENT)': [1, () => start('--kubeconfig', '/nowhere')],
    'the namespace kube-system cannot be read': [1, () => start('--kubeconfig', cluster.kubeconfig('bob'))],
    "Give the operator's account a Role in namespace": [
      1,
      async () => {
        await cluster.grant('operator', { verbs: ['get'], resources: ['namespaces'] })
        return start('--kubeconfig', cluster.kubeconfig('operator'), '--metrics', '127.0.0.1:0')
      },
    ],
    'must be host:port, as in 127.0.0.1:8080': [2, () => start(...admin(), '--metrics', '8080')],
    EADDRINUSE: [
      1,
      async () => {
        const { address, stop } = await taken()
        return start(...admin(), '--metrics', address).finally(stop)
      },
    ],
    'Allowed choices are trace, debug, info, warn, error, fatal': [2, () => start('--log-level', 'loud')],
    'It cannot be read (ENOENT): it must be a file with the secret of the webhooks': [
      2,
      () => start('--push-hooks', '127.0.0.1:0', '--push-hook-secret-file', '/nowhere'),
    ],
    'It must be a name in lower case letters, digits, - and .': [2, () => start('--lease-name', 'Not A Name')],
  }

  test('the page has these', () => expect(messagesOf('The operator ends')).toEqual(Object.keys(wrong)))
  test.each(Object.entries(wrong))('%s', async (message, [exitCode, begin]) => {
    const { exitCode: code, stdout, stderr } = await begin()
    expect(stdout + stderr).toContain(message)
    expect(stdout + stderr).not.toContain('.ts:')
    expect(code).toBe(exitCode)
  })
})

test('the texts of /readyz are those of the sources', () => {
  const sources = ['cli/operator.ts', 'cli/reconciling.ts'].map((file) =>
    readFileSync(join(ROOT, 'operator/src', file), 'utf8'),
  )
  const texts = messagesOf('What /readyz says')
  expect(texts).not.toEqual([])
  for (const text of texts) {
    const fragments = text.split('…').map((part) => part.replace(/^lease |^standby: lease /, '').trim())
    expect(fragments.join('')).not.toBe('')
    for (const fragment of fragments) expect(sources.join('\n')).toContain(fragment)
  }
})
