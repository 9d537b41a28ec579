import { join } from 'node:path'
import { containerConfig } from '../../scripts/image/config.ts'
import { startProcess } from '../kit/process/index.ts'
import type { RunningProcess } from '../kit/process/index.ts'

export interface ColdStartOptions {
  /** Folder of the bundle. */
  readonly dist: string
  readonly kubeconfig: string
  readonly namespace: string
}

/**
 * Milliseconds from the start of the program, as the image starts it, until `/readyz` says that it leads and reconciles;
 * of several starts the shortest: what else the machine does is not the program's.
 */
export async function coldStart(options: ColdStartOptions, starts = 5): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < starts; i++) {
    const started = performance.now()
    const operator = await startReady(options)
    times.push(performance.now() - started)
    // It gives its Lease back, so that the next one has not to wait for it.
    await operator.stop({ grace: 20_000 })
  }
  return Math.min(...times)
}

async function startReady({ dist, kubeconfig, namespace }: ColdStartOptions): Promise<RunningProcess> {
  const { Entrypoint = [], Env = [] } = containerConfig('', '')
  const nodeFlags = Entrypoint.filter((word) => word.startsWith('--'))
  const flags = [
    `--kubeconfig=${kubeconfig}`,
    '--metrics=127.0.0.1:0',
    `--lease-namespace=${namespace}`,
    '--lease-name=cold-start',
  ]
  const operator = await startProcess(process.execPath, [...nodeFlags, join(dist, 'gitsync-operator.mjs'), ...flags], {
    env: Object.fromEntries(Env.map((pair) => pair.split('='))),
    ready: { line: /"metrics":"/ },
  })
  const [, address] = /"metrics":"([^"]+)"/.exec(operator.output()) ?? []
  for (;;) {
    const { ok } = await fetch(`http://${address}/readyz`)
    if (ok) return operator
  }
}
