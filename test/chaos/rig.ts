import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { startApiServer } from '../kit/apiserver/index.ts'
import type { EmbeddedApiServer } from '../kit/apiserver/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { Remote, TestRepository } from '../kit/remote/index.ts'
import { startOperatorProcess } from './operator-process.ts'
import type { RunningProcess } from '../kit/process/index.ts'
import { NAMESPACES, tenantObjects } from './tenants.ts'

/** A cluster with three tenants, a remote, and an operator that can be killed and started again. */
export interface Rig {
  readonly api: EmbeddedApiServer
  readonly remote: Remote
  readonly store: TestRepository
  /** What the operators have printed, the newest last. */
  output(): string
  start(): Promise<void>
  /** SIGKILL: nothing is flushed, nothing is closed. Says whether an operator was running and died of it. */
  kill(): Promise<boolean>
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** SIGTERM, and waits for the end. */
  end(): Promise<void>
  close(): Promise<void>
}

const CRDS = join(import.meta.dirname, '../../crds')

export async function readCrds(): Promise<object[]> {
  const files = (await readdir(CRDS)).filter((file) => file.endsWith('.yaml'))
  return Promise.all(files.map(async (file) => parse(await readFile(join(CRDS, file), 'utf8')) as object))
}

const allTenants = (url: string): object[] => NAMESPACES.flatMap((namespace) => tenantObjects(namespace, url))

/** @param options.objects what the cluster begins with; default: three tenants, each with a GitSync */
export async function startRig(
  options: { readonly script?: string; readonly objects?: (url: string) => readonly object[] } = {},
): Promise<Rig> {
  const { objects = allTenants, ...operatorOptions } = options
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-chaos-'))
  const kubeconfig = join(scratch, 'kubeconfig')
  const api = await startApiServer({ crds: await readCrds() })
  const remote = await startRemote()
  const store = await remote.createRepository('audit.git')
  await api.writeKubeconfig(kubeconfig)
  for (const object of objects(store.url)) api.objects.create(object)
  let operator: RunningProcess | undefined
  const printed: string[] = []
  const finish = async (how: (running: RunningProcess) => Promise<unknown>): Promise<NodeJS.Signals | null> => {
    const running = operator
    operator = undefined
    if (running === undefined) return null
    await how(running)
    printed.push(running.output())
    if (printed.length > 3) printed.shift()
    return (await running.exited).signal
  }
  const rig: Rig = {
    api,
    remote,
    store,
    output: () => [...printed, operator?.output() ?? ''].join('--- next process\n'),
    async start() {
      operator ??= await startOperatorProcess({ kubeconfig, ...operatorOptions })
    },
    kill: async () => (await finish((running) => (running.kill('SIGKILL'), running.exited))) === 'SIGKILL',
    signal: (signal) => operator?.kill(signal),
    async end() {
      await finish((running) => running.stop({ grace: 25_000 }))
    },
    async close() {
      await finish((running) => running.stop({ grace: 0 }))
      await remote.stop()
      await api.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
  return rig
}
