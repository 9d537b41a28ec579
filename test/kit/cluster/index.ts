import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { run } from '../process/index.ts'
import { makeCertificates } from './certificates.ts'
import { writeKubeconfig } from './kubeconfig.ts'
import { finishNamespaceDeletion } from './namespace.ts'
import { startApiServer, startEtcd } from './servers.ts'

/** `admin` is in system:masters and logs in by certificate; the others have a token and no rights until granted some. */
export type ClusterUser = 'admin' | 'alice' | 'bob' | 'operator'

const USERS: readonly ClusterUser[] = ['admin', 'alice', 'bob', 'operator']

export interface ClusterOptions {
  /** Default etcd (3.6). With `etcd34` streaming lists (`sendInitialEvents`) fail, as they do on older clusters. */
  readonly etcd?: 'etcd' | 'etcd34'
  /** Further flags of kube-apiserver. */
  readonly apiServerFlags?: readonly string[]
}

export interface KubectlOptions {
  /** Default admin. */
  readonly user?: ClusterUser
  /** Standard input, for `-f -`. */
  readonly input?: string
}

export interface Grant {
  readonly verbs: readonly string[]
  /** As kubectl takes them: `configmaps`, `deployments.apps`, `deployments.apps/status`. */
  readonly resources: readonly string[]
  /** Default: in all namespaces, and for objects outside namespaces. */
  readonly namespace?: string
}

/**
 * A real kube-apiserver on a real etcd, without the other half of a control plane. So no controller acts: nothing is
 * garbage collected, no pods are made, no ServiceAccount comes with a namespace, the roles view, edit and admin stay
 * empty (use `grant`), and namespaces that are deleted stay Terminating (use `finishNamespaceDeletion`).
 */
export interface Cluster {
  readonly url: string
  /** Path of the certificate authority's PEM file. */
  readonly ca: string
  /** Bearer token of a user; admin has one too. */
  token(user: ClusterUser): string
  /** Path of a kubeconfig with everything inside; default admin. */
  kubeconfig(user?: ClusterUser): string
  /** Runs kubectl and gives what it printed. Throws CommandError with kubectl's message. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<string>
  /** Gives a user rights, by a role and a binding. `user` may also be `system:serviceaccount:<namespace>:<name>`. */
  grant(user: string, grant: Grant): Promise<void>
  /** Does the namespace controller's work: deletes what a namespace holds, then the namespace, asked for or not yet. */
  finishNamespaceDeletion(name: string): Promise<void>
  /** What the API server printed last, for error messages. */
  log(): string
  stop(): Promise<void>
}

/** A command that takes longer is ended, and named in the error. */
const COMMAND_MS = 100_000

/** Starts a cluster, which takes a few seconds once its programs are on the machine. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const kubectlPath = await component('kubectl')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-cluster-'))
  const undo: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 5 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const tokens = new Map(USERS.map((user) => [user, randomBytes(16).toString('hex')]))
    const token = (user: ClusterUser): string => tokens.get(user) ?? ''
    const tokenFile = join(dir, 'tokens.csv')
    const lines = USERS.map((user) => `${token(user)},${user},${user}${user === 'admin' ? ',system:masters' : ''}\n`)
    await writeFile(tokenFile, lines.join(''), { mode: 0o600 })
    const [certificates, etcd] = await Promise.all([
      makeCertificates(dir),
      startEtcd(options.etcd ?? 'etcd', dir).then((server) => {
        // Killed at once, here and below: an orderly end takes seconds and saves data that nobody wants.
        undo.push(() => server.process.stop({ grace: 0 }))
        return server
      }),
    ])
    const server = await startApiServer(dir, {
      etcd: etcd.url,
      certificates,
      tokenFile,
      adminToken: token('admin'),
      flags: options.apiServerFlags ?? [],
    })
    undo.push(() => server.process.stop({ grace: 0 }))

    const kubeconfig = (user: ClusterUser = 'admin'): string => join(dir, `${user}.kubeconfig`)
    for (const user of USERS) {
      const login = user === 'admin' ? certificates.admin : { token: token(user) }
      await writeKubeconfig(kubeconfig(user), { url: server.url, user, ca: certificates.ca, login })
    }
    const home = join(dir, 'home')
    await mkdir(home)
    const kubectl = async (args: readonly string[], { user, input = '' }: KubectlOptions = {}): Promise<string> => {
      const env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig(user) }
      return (await run(kubectlPath, args, { env, input, timeout: COMMAND_MS })).stdout.toString()
    }
    let grants = 0
    const ca = await readFile(certificates.ca, 'utf8')
    return {
      url: server.url,
      ca,
      token,
      kubeconfig,
      kubectl,
      async grant(user, { verbs, resources, namespace }) {
        grants += 1
        const name = `granted-${grants}`
        const rules = [`--verb=${verbs.join(',')}`, `--resource=${resources.join(',')}`]
        await kubectl(['create', 'clusterrole', name, ...rules])
        const to = [name, `--clusterrole=${name}`, `--user=${user}`]
        if (namespace === undefined) await kubectl(['create', 'clusterrolebinding', ...to])
        else await kubectl(['create', 'rolebinding', ...to, `--namespace=${namespace}`])
      },
      finishNamespaceDeletion: (name) => finishNamespaceDeletion({ url: server.url, ca, token: token('admin') }, name),
      log: server.process.output,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
