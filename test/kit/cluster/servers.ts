import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { run, startProcess, withFreePorts } from '../process/index.ts'
import type { RunningProcess } from '../process/index.ts'
import type { Certificates } from './certificates.ts'

export interface Server {
  readonly url: string
  readonly process: RunningProcess
}

export async function startEtcd(name: 'etcd' | 'etcd34', dir: string): Promise<Server> {
  const command = await component(name)
  return await withFreePorts(2, async ([client = 0, peer = 0]) => {
    const url = `http://127.0.0.1:${client}`
    const process = await startProcess(
      command,
      [
        `--data-dir=${join(dir, `etcd-${client}`)}`,
        `--listen-client-urls=${url}`,
        `--advertise-client-urls=${url}`,
        `--listen-peer-urls=http://127.0.0.1:${peer}`,
        // The data is thrown away; 3.4 has no such flag.
        ...(name === 'etcd' ? ['--unsafe-no-fsync'] : []),
      ],
      { name, ready: { probe: async () => (await fetch(`${url}/health`)).ok } },
    )
    return { url, process }
  })
}

export interface ApiServerOptions {
  readonly etcd: string
  readonly certificates: Certificates
  readonly tokenFile: string
  readonly adminToken: string
  /** Further flags; they win over the ones here. */
  readonly flags: readonly string[]
}

/** Mutating admission policies, before Kubernetes 1.36. */
const BETA_POLICIES = [
  '--feature-gates=MutatingAdmissionPolicy=true',
  '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
]

/** Starts kube-apiserver and waits until it is ready and has made the namespaces that everything expects. */
export async function startApiServer(dir: string, options: ApiServerOptions): Promise<Server> {
  const { certificates } = options
  const command = await component('kube-apiserver')
  const version = (await run(command, ['--version'])).stdout.toString()
  // From then on they are served without.
  const policyFlags = Number(/ v1\.(\d+)\./.exec(version)?.[1]) < 36 ? BETA_POLICIES : []
  const ca = await readFile(certificates.ca)
  return await withFreePorts(1, async ([port = 0]) => {
    const url = `https://127.0.0.1:${port}`
    const answers = async (path: string): Promise<boolean> => {
      const status = await statusOf(`${url}${path}`, ca, options.adminToken)
      if (status !== 200) throw new Error(`${path} answers ${status}`)
      return true
    }
    const process = await startProcess(
      command,
      [
        `--etcd-servers=${options.etcd}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${dir}`,
        `--tls-cert-file=${certificates.serving.cert}`,
        `--tls-private-key-file=${certificates.serving.key}`,
        `--client-ca-file=${certificates.ca}`,
        `--token-auth-file=${options.tokenFile}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.0.0.0/24',
        `--service-account-issuer=${url}`,
        `--service-account-key-file=${certificates.serviceAccount.publicKey}`,
        `--service-account-signing-key-file=${certificates.serviceAccount.key}`,
        // No controller manager makes the ServiceAccounts, nor any node the endpoints, that these would wait for.
        '--disable-admission-plugins=ServiceAccount',
        '--endpoint-reconciler-type=none',
        ...policyFlags,
        ...options.flags,
      ],
      {
        name: 'kube-apiserver',
        readyTimeout: 90_000,
        ready: {
          probe: async () =>
            (await answers('/readyz')) &&
            (await answers('/api/v1/namespaces/default')) &&
            (await answers('/api/v1/namespaces/kube-system')),
        },
      },
    )
    return { url, process }
  })
}

function statusOf(url: string, ca: Buffer, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` }
    const sent = request(url, { ca, headers, agent: false, timeout: 5_000 }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.on('timeout', () => sent.destroy(new Error(`${url} does not answer`)))
    sent.on('error', reject)
    sent.end()
  })
}
