import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import type { Cluster } from '../kit/cluster/index.ts'
import { CommandError, startProcess } from '../kit/process/index.ts'
import type { RunningProcess } from '../kit/process/index.ts'
import { ROOT } from './blocks.ts'

/**
 * As much of a node as the pages need, in front of an API server that has none: runs the operator of a Deployment as a
 * process, as the account, with the arguments and the environment that its Pod template names, and tells the Deployment's
 * status. So what is installed decides what the operator may do. Real Pods are test/node's.
 */
export interface Node {
  /** What the operator says, for error messages. */
  log(): string
  stop(): Promise<void>
}

interface Deployment {
  readonly metadata: { readonly generation: number }
  readonly spec: {
    readonly replicas?: number
    readonly template: {
      readonly spec: {
        readonly serviceAccountName: string
        readonly containers: readonly {
          readonly args: readonly string[]
          readonly env?: readonly { readonly name: string; readonly value: string }[]
        }[]
      }
    }
  }
}

const PROGRAM = join(ROOT, 'operator/src/cli/gitsync-operator.ts')
const NAMESPACE = 'gitsync-system'
const NAME = 'gitsync-operator'
const POLL_MS = 200

export function startNode(cluster: Cluster, folder: string): Node {
  let running: { readonly template: string; readonly process: RunningProcess } | undefined
  let told = ''
  let over = false
  const problems: string[] = []

  const run = async ({ spec }: Deployment['spec']['template']): Promise<RunningProcess> => {
    const token = await cluster.kubectl(['create', 'token', spec.serviceAccountName, '-n', NAMESPACE])
    const kubeconfig = join(folder, 'node.kubeconfig')
    await writeFile(kubeconfig, withToken(cluster, token.trim()), { mode: 0o600 })
    const [{ args, env = [] } = { args: [] }] = spec.containers
    const own = args.map((arg) => arg.replace(/^--metrics=.*/, '--metrics=127.0.0.1:0'))
    return await startProcess(process.execPath, [PROGRAM, '--kubeconfig', kubeconfig, ...own], {
      name: NAME,
      env: { PATH: process.env['PATH'], ...Object.fromEntries(env.map(({ name, value }) => [name, value])) },
      ready: { line: /is held: reconciling/ },
    })
  }
  const look = async (): Promise<void> => {
    const text = await cluster.kubectl(['get', 'deployment', NAME, '-n', NAMESPACE, '--ignore-not-found', '-o', 'json'])
    const deployment = text === '' ? undefined : (JSON.parse(text) as Deployment)
    const template = deployment === undefined ? '' : JSON.stringify(deployment.spec.template)
    if (running !== undefined && running.template !== template) {
      await running.process.stop({ grace: 25_000 })
      running = undefined
    }
    if (deployment === undefined) return
    running ??= { template, process: await run(deployment.spec.template) }
    const { replicas = 1 } = deployment.spec
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '' }],
    }
    if (told === JSON.stringify(status)) return
    const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })]
    await cluster.kubectl(['patch', 'deployment', NAME, '-n', NAMESPACE, ...patch])
    told = JSON.stringify(status)
  }
  const loop = (async () => {
    while (!over) {
      await look().catch((error: unknown) => {
        // The Deployment, or its account, may have gone in between; what stays wrong shows in the page's own commands.
        problems.push(error instanceof CommandError ? error.stderr : String(error))
      })
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    await running?.process.stop({ grace: 25_000 })
  })()
  return {
    log: () => [...problems.slice(-3), running?.process.output().slice(-3000) ?? 'no operator runs'].join('\n'),
    async stop() {
      over = true
      await loop
    },
  }
}

function withToken(cluster: Cluster, token: string): string {
  const certificate = Buffer.from(cluster.ca).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: cluster.url, 'certificate-authority-data': certificate } }],
    users: [{ name: 'pod', user: { token } }],
    contexts: [{ name: 'pod', context: { cluster: 'test', user: 'pod', namespace: NAMESPACE } }],
    'current-context': 'pod',
  })
}
