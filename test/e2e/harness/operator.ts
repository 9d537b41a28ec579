import { startProcess } from '../../kit/process/index.ts'

export interface OperatorOptions {
  readonly kubeconfig: string
  /** Default true. */
  readonly allowPrivateHosts?: boolean
  /** In the lease; default `e2e`, so that the next one after a kill takes it back at once. */
  readonly identity?: string
  readonly args?: readonly string[]
  /** Default: the sources. */
  readonly script?: string
  readonly nodeOptions?: readonly string[]
  /** Beside PATH. */
  readonly env?: Readonly<Record<string, string>>
}

/** The operator as people run it: a process of its own. */
export interface Operator {
  /** Base URL of the metrics and health endpoints. */
  readonly url: string
  readonly pid: number
  /** Ended, in whatever way. */
  readonly exited: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>
  /** What it logged: all of it, but for a test that runs for hours. */
  log(): string
  /** Sum of the samples of a metric whose labels include these. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** SIGTERM, as a Pod that is deleted. */
  stop(): Promise<void>
  /** SIGKILL, as a node that dies. */
  kill(): Promise<void>
}

/** Tests look for what must not be in a log. */
const KEPT_LOG = 32 * 1024 * 1024

const PROGRAM = new URL('../../../operator/src/cli/gitsync-operator.ts', import.meta.url).pathname

export async function startOperator({
  kubeconfig,
  allowPrivateHosts = true,
  identity = 'e2e',
  args = [],
  script = PROGRAM,
  nodeOptions = [],
  env = {},
}: OperatorOptions): Promise<Operator> {
  const flags = [
    '--kubeconfig',
    kubeconfig,
    '--metrics',
    '127.0.0.1:0',
    '--identity',
    identity,
    ...(allowPrivateHosts ? ['--allow-private-hosts'] : []),
  ]
  const running = await startProcess(process.execPath, [...nodeOptions, script, ...flags, ...args], {
    name: 'gitsync-operator',
    kept: KEPT_LOG,
    env: { PATH: process.env['PATH'], ...env },
    ready: { line: /"msg":"gitsync-operator started"/ },
  })
  const address = /"metrics":"([^"]+)"/.exec(running.output())?.[1] ?? ''
  return {
    url: `http://${address}`,
    pid: running.pid,
    exited: running.exited,
    log: running.output,
    async metric(name, labels = {}) {
      const text = await (await fetch(`http://${address}/metrics`)).text()
      const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
      return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => wanted.every((pair) => line.includes(pair)))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
    },
    stop: () => running.stop({ grace: 25_000 }),
    kill: () => running.stop({ grace: 0 }),
  }
}
