import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { component } from '../components/index.ts'
import { run } from '../process/index.ts'
import type { RunningProcess } from '../process/index.ts'
import { startAgents } from './agents.ts'
import { createCgroups } from './cgroups.ts'
import { startControlPlane } from './control-plane.ts'
import { startNamespaces } from './namespaces.ts'
import { connectNode, exposeAt } from './network.ts'
import { checkMachine } from './requirements.ts'
import { startRuntime } from './runtime.ts'

/** A cluster of one real node. What it has not: DNS, volumes of a provider, load balancers, enforced network policies. */
export interface TestNode {
  readonly name: string
  /** How to be administrator without kubectl: base URL, certificate authority as PEM, bearer token. */
  readonly api: { readonly url: string; readonly ca: string; readonly token: string }
  /** Path of the kubeconfig of one who may do everything; works from the machine. */
  readonly kubeconfig: string
  /** Environment for kubectl and helm. */
  readonly env: Readonly<Record<string, string>>
  /** Runs kubectl and gives what it printed. Throws CommandError with kubectl's message. */
  kubectl(args: readonly string[], options?: { readonly input?: string }): Promise<string>
  /** Takes in an image from a file, as `docker save` or an OCI layout. */
  importImage(file: string): Promise<void>
  /** Makes a server on this machine's loopback reachable from Pods, as long as the node lives; gives its URL there. */
  expose(url: string): Promise<string>
  /** Runs a command of the machine in the node, and gives what it printed. */
  run(command: string, args: readonly string[]): Promise<string>
  /** What its programs printed last, for error messages. */
  log(): string
  /** Ends everything in it, and leaves nothing on the machine. */
  stop(): Promise<void>
}

/**
 * Starts etcd, a control plane, containerd, kubelet and kube-proxy in namespaces of their own, and waits until the node
 * is ready. Needs root. Throws NodeRequirementError, in one sentence, where that is impossible.
 */
export async function startNode(): Promise<TestNode> {
  await checkMachine()
  const name = `gitsync-node-${randomBytes(4).toString('hex')}`
  const state = await mkdtemp(join(tmpdir(), `${name}-`))
  const undo: (() => Promise<void>)[] = [() => rm(state, { recursive: true, force: true, maxRetries: 10 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  const processes: RunningProcess[] = []
  const started = (process: RunningProcess): void => {
    processes.push(process)
    undo.push(() => process.stop({ grace: 0 }))
  }
  const log = (): string => processes.map((process) => process.output()).join('\n')
  try {
    const cgroups = await createCgroups(name)
    undo.push(() => cgroups.remove())
    const namespaces = await startNamespaces({ network: 'own', state, ...(await layout(state)) })
    undo.push(() => namespaces.stop())
    const network = await connectNode(namespaces)
    const [runtime, controlPlane] = await all([
      startRuntime(state, namespaces, network, started),
      startControlPlane(state, namespaces, network, started),
    ])
    await startAgents({ name, state, namespaces, network, cgroups, runtime, controlPlane }, started)

    const env = { PATH: process.env['PATH'] ?? '', HOME: join(state, 'home'), KUBECONFIG: controlPlane.admin }
    const kubectlPath = await component('kubectl')
    const kubectl: TestNode['kubectl'] = async (args, { input = '' } = {}) =>
      (await run(kubectlPath, args, { env, input })).stdout.toString()
    await kubectl(['wait', '--for=create', `node/${name}`, '--timeout=60s'])
    await kubectl(['wait', '--for=condition=Ready', `node/${name}`, '--timeout=60s'])
    return {
      name,
      api: { url: controlPlane.url, ca: await readFile(controlPlane.authority.ca, 'utf8'), token: controlPlane.token },
      kubeconfig: controlPlane.admin,
      env,
      kubectl,
      importImage: (file) => runtime.importImage(file),
      async expose(url) {
        const exposed = await exposeAt(network.machineAddress, url)
        undo.push(() => exposed.close())
        return exposed.url.replace(/\/$/, '')
      },
      run: (command, args) => namespaces.run('node', command, args),
      log,
      stop,
    }
  } catch (error) {
    if (error instanceof Error && processes.length > 0) error.message += `\n${log().slice(-8000)}`
    await stop()
    throw error
  }
}

/** As Promise.all, but waits for all even when one fails: what a late one has started can only then be ended. */
async function all<A, B>([first, second]: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled([first, second])
  return [await first, await second]
}

/** What the node sees where: heavy data on disk, everything else of the machine as it is. */
async function layout(state: string): Promise<Pick<Parameters<typeof startNamespaces>[0], 'usr' | 'binds'>> {
  for (const folder of ['root', 'home', 'containerd', 'kubelet', 'cni', 'logs']) await mkdir(join(state, folder))
  const usr = resolve(dirname(await component('containerd')), '..')
  const programs = new Set([dirname(await component('kubelet')), dirname(await component('kube-proxy'))])
  return {
    // What is installed there needs not be laid over it.
    usr: usr === '/usr' ? null : usr,
    binds: [
      [state, state],
      [join(state, 'containerd'), '/var/lib/containerd'],
      [join(state, 'kubelet'), '/var/lib/kubelet'],
      [join(state, 'cni'), '/etc/cni'],
      [join(state, 'logs'), '/var/log'],
      ...[...programs].map((folder) => [folder, folder] as const),
    ],
  }
}
