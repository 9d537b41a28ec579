import { expect, test } from 'vitest'
import { KubeError } from '../kube/errors.ts'
import type { KubeErrorCode } from '../kube/errors.ts'
import { readClusterId } from './cluster-id.ts'

const connection = { server: new URL('https://10.0.0.1:6443/base'), origin: 'context dev of kubeconfig /etc/kube' }
const what = 'GET /api/v1/namespaces/kube-system'

test.each<[KubeErrorCode, string, string | undefined, RegExp]>([
  ['Network', `${what}: ECONNREFUSED`, 'ECONNREFUSED', /does not answer: check its address.*ECONNREFUSED/],
  ['Network', `${what}: SELF_SIGNED`, 'DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted: correct the certificate authority/],
  ['Network', `${what}: x`, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /does not answer/],
  ['Timeout', `${what}: nothing came for 30000 ms`, undefined, /does not answer.*nothing came/],
  ['Unauthorized', `${what}: 401`, undefined, /refuses the credentials: renew them/],
  ['NotServed', `${what}: 404`, undefined, /not answer as a Kubernetes API server does: check its address/],
  ['Unavailable', `${what}: 503`, undefined, /503/],
])('%s (%s) names the server and the kubeconfig', async (code, message, errno, words) => {
  const cause = Object.assign(new Error('connect'), { code: errno })
  const get = async (): Promise<never> => {
    throw new KubeError(code, message, { cause })
  }
  const failure = readClusterId({ get }, connection)
  await expect(failure).rejects.toThrow('the API server https://10.0.0.1:6443 (context dev of kubeconfig /etc/kube)')
  await expect(failure).rejects.toThrow(words)
})

test('a permission that is missing is named', async () => {
  const get = async (): Promise<never> => {
    throw new KubeError('Forbidden', `${what}: 403`, { details: 'User "x" cannot get' })
  }
  await expect(readClusterId({ get }, connection)).rejects.toThrow(
    /User "x" cannot get.*resources: \[namespaces\], resourceNames: \[kube-system\], verbs: \[get\]/,
  )
})

test('a namespace without a uid names no cluster', async () => {
  const get = async () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } })
  await expect(readClusterId({ get }, connection)).rejects.toThrow('has no uid')
})
