import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { createAuthority, createTokenKey } from '../cluster/certificates.ts'
import type { CertificateAuthority } from '../cluster/certificates.ts'
import { writeKubeconfig } from '../cluster/kubeconfig.ts'
import { component } from '../components/index.ts'
import type { RunningProcess } from '../process/index.ts'
import type { Namespaces } from './namespaces.ts'
import type { Network } from './network.ts'

export interface ControlPlane {
  readonly authority: CertificateAuthority
  /** Of the API server. */
  readonly url: string
  /** Bearer token of the one who may do everything. */
  readonly token: string
  /** Path of the kubeconfig of one who may do everything. */
  readonly admin: string
  /** Writes the kubeconfig of another user, with a certificate; gives its path. */
  kubeconfig(user: string, group?: string): Promise<string>
}

const SERVICES = '10.96.0.0/16'
const API_SERVICE = '10.96.0.1'

/** The bits that differ between users that log in by certificate. */
const fileName = (user: string): string => user.replaceAll(':', '-')

/**
 * Starts etcd, kube-apiserver, controllers and scheduler in the node's network, with the files of the machine.
 * @param started takes each process as soon as it runs
 */
export async function startControlPlane(
  state: string,
  namespaces: Namespaces,
  { nodeAddress }: Network,
  started: (process: RunningProcess) => void,
): Promise<ControlPlane> {
  const pki = join(state, 'pki')
  await mkdir(pki)
  const authority = await createAuthority(pki)
  const tokenKey = await createTokenKey(pki)
  const names = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc']
  const addresses = ['127.0.0.1', nodeAddress, API_SERVICE]
  const serving = await authority.issue(
    'apiserver',
    '/CN=kube-apiserver',
    `subjectAltName=${[...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)].join()}\nextendedKeyUsage=serverAuth\n`,
  )
  const client = 'extendedKeyUsage=clientAuth\n'
  const toKubelet = await authority.issue('apiserver-kubelet', '/O=system:masters/CN=apiserver-kubelet', client)
  const url = `https://${nodeAddress}:6443`
  const kubeconfig = async (user: string, group?: string): Promise<string> => {
    const path = join(state, `${fileName(user)}.kubeconfig`)
    const subject = `${group === undefined ? '' : `/O=${group}`}/CN=${user}`
    const login = await authority.issue(fileName(user), subject, client)
    await writeKubeconfig(path, { url, user, ca: authority.ca, login })
    return path
  }
  const admin = await kubeconfig('admin', 'system:masters')
  const token = randomBytes(16).toString('hex')
  const tokens = join(pki, 'tokens.csv')
  await writeFile(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 })

  const etcd = 'http://127.0.0.1:2379'
  started(
    await namespaces.start('network', await component('etcd'), [
      `--data-dir=${join(state, 'etcd')}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      '--listen-peer-urls=http://127.0.0.1:0',
      // The data is thrown away.
      '--unsafe-no-fsync',
    ]),
  )
  const ca = await readFile(authority.ca)
  started(
    await namespaces.start(
      'network',
      await component('kube-apiserver'),
      [
        `--etcd-servers=${etcd}`,
        '--bind-address=0.0.0.0',
        `--advertise-address=${nodeAddress}`,
        '--secure-port=6443',
        `--cert-dir=${pki}`,
        `--tls-cert-file=${serving.cert}`,
        `--tls-private-key-file=${serving.key}`,
        `--client-ca-file=${authority.ca}`,
        `--token-auth-file=${tokens}`,
        `--kubelet-client-certificate=${toKubelet.cert}`,
        `--kubelet-client-key=${toKubelet.key}`,
        `--kubelet-certificate-authority=${authority.ca}`,
        '--kubelet-preferred-address-types=InternalIP',
        '--authorization-mode=Node,RBAC',
        '--enable-admission-plugins=NodeRestriction',
        '--allow-privileged=true',
        `--service-cluster-ip-range=${SERVICES}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${tokenKey.publicKey}`,
        `--service-account-signing-key-file=${tokenKey.key}`,
      ],
      { readyTimeout: 90_000, ready: { probe: () => isReady(`${url}/readyz`, ca, token) } },
    ),
  )
  const controllers = await kubeconfig('system:kube-controller-manager')
  const scheduler = await kubeconfig('system:kube-scheduler')
  const delegating = (path: string): string[] => [
    `--kubeconfig=${path}`,
    `--authentication-kubeconfig=${path}`,
    `--authorization-kubeconfig=${path}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
  ]
  started(
    await namespaces.start('network', await component('kube-controller-manager'), [
      ...delegating(controllers),
      `--service-account-private-key-file=${tokenKey.key}`,
      `--root-ca-file=${authority.ca}`,
      '--use-service-account-credentials=true',
    ]),
  )
  started(await namespaces.start('network', await component('kube-scheduler'), delegating(scheduler)))
  return { authority, url, token, admin, kubeconfig }
}

function isReady(url: string, ca: Buffer, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const sent = request(url, { ca, headers, agent: false, timeout: 5_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    sent.on('timeout', () => sent.destroy(new Error(`${url} does not answer`)))
    sent.on('error', reject)
    sent.end()
  })
}
