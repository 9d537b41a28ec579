import { expect, test, vi } from 'vitest'
import { KubeError } from '../kube/errors.ts'
import type { KubeErrorCode } from '../kube/errors.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { readClusterId } from './cluster-id.ts'

const connection = { server: new URL('https://10.0.0.1:6443/base'), origin: 'context dev of kubeconfig /etc/kube' }
const options = { clock: manualClock(), random: () => 0.5, onRetry: () => undefined }
const what = 'GET /api/v1/namespaces/kube-system'

test.each<[KubeErrorCode, string, string | undefined, RegExp]>([
  ['Network', `${what}: ECONNREFUSED`, 'ECONNREFUSED', /does not answer: check its address.*ECONNREFUSED/],
  ['Network', `${what}: SELF_SIGNED`, 'DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted: correct the certificate authority/],
  ['Network', `${what}: x`, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /does not answer/],
  ['Timeout', `${what}: nothing came for 30000 ms`, undefined, /does not answer.*nothing came/],
  ['Unauthorized', `${what}: 401`, undefined, /refuses the credentials: renew them/],
  ['NotServed', `${what}: 404`, undefined, /not answer as a Kubernetes API server does: check its address/],
])('%s (%s) names the server and the kubeconfig', async (code, message, errno, words) => {
  const cause = Object.assign(new Error('connect'), { code: errno })
  const get = async (): Promise<never> => {
    throw new KubeError(code, message, { cause })
  }
  const failure = readClusterId({ get }, connection, options)
  await expect(failure).rejects.toThrow('the API server https://10.0.0.1:6443 (context dev of kubeconfig /etc/kube)')
  await expect(failure).rejects.toThrow(words)
})

test('a permission that is missing is named', async () => {
  const get = async (): Promise<never> => {
    throw new KubeError('Forbidden', `${what}: 403`, { details: 'User "x" cannot get' })
  }
  await expect(readClusterId({ get }, connection, options)).rejects.toThrow(
    /User "x" cannot get.*resources: \[namespaces\], resourceNames: \[kube-system\], verbs: \[get\]/,
  )
})

test('a namespace without a uid names no cluster', async () => {
  const get = async () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } })
  await expect(readClusterId({ get }, connection, options)).rejects.toThrow('has no uid')
})

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u' } }
const cut = Object.assign(new Error('other side closed'), { code: 'ECONNRESET' })

test('a server that answers and cannot serve just now is asked again, and it is said', async () => {
  const clock = manualClock()
  const told: string[] = []
  const answers = [
    new KubeError('Unavailable', `${what}: 503`),
    new KubeError('TooManyRequests', `${what}: 429`, { retryAfterMs: 7_000 }),
    new KubeError('Network', `${what}: ECONNRESET`, { cause: cut }),
  ]
  const get = async () => {
    const answer = answers.shift()
    if (answer !== undefined) throw answer
    return NAMESPACE
  }
  const uid = readClusterId({ get }, connection, { ...options, clock, onRetry: (problem) => told.push(problem) })
  for (const waitMs of [1_000, 7_000, 5_000]) {
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(waitMs)
  }
  expect(await uid).toBe('u')
  expect(told).toEqual([
    expect.stringContaining('503'),
    expect.stringContaining('429'),
    expect.stringContaining('ECONNRESET'),
  ])
})

test('one that never can serve is given up within what a Pod has to start', async () => {
  const clock = manualClock()
  const began = clock.now()
  const get = async (): Promise<never> => {
    throw new KubeError('Unavailable', `${what}: 503`)
  }
  let failure: unknown
  void readClusterId({ get }, connection, { ...options, clock }).catch((error: unknown) => (failure = error))
  await vi.waitFor(() => {
    clock.advance(5_000)
    expect(failure).toMatchObject({ message: expect.stringMatching(/10\.0\.0\.1.*503/) })
  })
  expect(clock.now() - began).toBeLessThan(60_000)
})
