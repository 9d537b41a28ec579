import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { run } from '../process/index.ts'

export interface HelmOptions {
  /** Default Helm 4. */
  readonly version?: 'helm' | 'helm3'
  /** Path; default: no cluster. */
  readonly kubeconfig?: string
}

export interface Helm {
  /** Runs helm and gives what it printed. Throws CommandError with helm's message. */
  (args: readonly string[], input?: string): Promise<string>
  /** Deletes what helm keeps between its runs. */
  close(): Promise<void>
}

/** A command that takes longer is ended, and named in the error. */
const COMMAND_MS = 100_000

/** The chart of this repository. */
export const CHART = new URL('../../../charts/gitsync-operator', import.meta.url).pathname

/** A helm with a home of its own. */
export async function connectHelm({ version = 'helm', kubeconfig }: HelmOptions = {}): Promise<Helm> {
  const program = await component(version)
  const home = await mkdtemp(join(tmpdir(), 'gitsync-helm-'))
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    KUBECONFIG: kubeconfig ?? join(home, 'none'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  }
  return Object.assign(
    async (args: readonly string[], input = '') =>
      (await run(program, args, { env, input, timeout: COMMAND_MS })).stdout.toString(),
    { close: () => rm(home, { recursive: true, force: true }) },
  )
}
