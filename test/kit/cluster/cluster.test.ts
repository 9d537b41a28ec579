import { request } from 'node:https'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCluster } from './index.ts'
import type { Cluster, ClusterUser } from './index.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

const configMap = (namespace: string, name: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { key: 'value' } })

/** First event of a streaming list of ConfigMaps, or what the server says instead. */
const firstStreamed = (from: Cluster): Promise<string> =>
  new Promise((resolve, reject) => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const headers = { authorization: `Bearer ${from.token('admin')}` }
    const sent = request(`${from.url}/api/v1/configmaps?${query}`, { ca: from.ca, headers }, (answer) => {
      answer.once('data', (chunk: Buffer) => {
        resolve(chunk.toString())
        sent.destroy()
      })
    })
    sent.on('error', reject)
    sent.end()
  })

test('kubectl creates and reads as admin, by certificate', async () => {
  expect(await cluster.kubectl(['create', '-f', '-'], { input: configMap('default', 'settings') })).toBe(
    'configmap/settings created\n',
  )
  expect(await cluster.kubectl(['get', 'cm', 'settings', '-o', 'jsonpath={.data.key}'])).toBe('value')
  expect(await cluster.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).toBe('admin')
  expect(await readFile(cluster.kubeconfig(), 'utf8')).toContain('client-certificate-data')
})

test.each<ClusterUser>(['alice', 'bob', 'operator'])('%s logs in by token and has no rights at first', async (user) => {
  expect(await cluster.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], { user })).toBe(user)
  await expect(cluster.kubectl(['get', 'secrets'], { user })).rejects.toThrow(`User "${user}" cannot list`)
})

test('granted rights hold for the user, verbs, resources and namespace named', async () => {
  await cluster.kubectl(['create', 'namespace', 'granted'])
  await cluster.grant('alice', { verbs: ['get', 'create'], resources: ['configmaps'], namespace: 'granted' })
  await cluster.grant('system:serviceaccount:granted:reader', { verbs: ['list'], resources: ['deployments.apps'] })
  const may = async (as: string, ...what: string[]) => {
    const asked = cluster.kubectl(['auth', 'can-i', ...what, '--as', as])
    return await asked.then((answer) => answer.trim()).catch(() => 'no')
  }
  expect(await may('alice', 'create', 'configmaps', '-n', 'granted')).toBe('yes')
  expect(await may('alice', 'delete', 'configmaps', '-n', 'granted')).toBe('no')
  expect(await may('alice', 'create', 'configmaps', '-n', 'default')).toBe('no')
  expect(await may('bob', 'create', 'configmaps', '-n', 'granted')).toBe('no')
  expect(await may('system:serviceaccount:granted:reader', 'list', 'deployments.apps', '-A')).toBe('yes')
  const input = configMap('granted', 'hers')
  expect(await cluster.kubectl(['create', '-f', '-'], { user: 'alice', input })).toContain('created')
})

test('ServiceAccounts get tokens that work', async () => {
  await cluster.kubectl(['create', 'serviceaccount', 'robot'])
  const token = (await cluster.kubectl(['create', 'token', 'robot'])).trim()
  const answer = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    request(`${cluster.url}/api`, { ca: cluster.ca, headers }, (got) => resolve(got.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(answer).toBe(200)
})

test('a mutating admission policy is accepted', async () => {
  const served = await cluster.kubectl(['api-resources', '--api-group=admissionregistration.k8s.io', '-o', 'name'])
  expect(served).toContain('mutatingadmissionpolicies')
})

test('a namespace is deleted with what it holds', async () => {
  await cluster.kubectl(['create', 'namespace', 'short-lived'])
  await cluster.kubectl(['create', '-f', '-'], { input: configMap('short-lived', 'inside') })
  await cluster.finishNamespaceDeletion('short-lived')
  await expect(cluster.kubectl(['get', 'namespace', 'short-lived'])).rejects.toThrow('not found')
  await cluster.kubectl(['create', 'namespace', 'short-lived'])
  expect(await cluster.kubectl(['get', 'cm', '-n', 'short-lived', '-o', 'name'])).toBe('')
})

test('lists are streamed', async () => {
  expect(JSON.parse((await firstStreamed(cluster)).split('\n')[0] ?? '')).toMatchObject({ type: 'ADDED' })
})

describe('with etcd 3.4', () => {
  test('everything but streaming lists works', { timeout: 120_000 }, async () => {
    const old = await startCluster({ etcd: 'etcd34' })
    try {
      expect(await old.kubectl(['create', '-f', '-'], { input: configMap('default', 'settings') })).toContain('created')
      expect(JSON.parse((await firstStreamed(old)).split('\n')[0] ?? '')).toMatchObject({ type: 'ERROR' })
    } finally {
      await old.stop()
    }
  })
})

test('a flag that the API server does not know is reported in its words, and nothing is left running', async () => {
  await expect(startCluster({ apiServerFlags: ['--no-such-flag'] })).rejects.toThrow(/unknown flag: --no-such-flag/)
})
