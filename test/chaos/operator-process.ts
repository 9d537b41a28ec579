import { join } from 'node:path'
import { startProcess } from '../kit/process/index.ts'
import type { RunningProcess } from '../kit/process/index.ts'

const SOURCE = join(import.meta.dirname, '../../operator/src/cli/gitsync-operator.ts')

export interface OperatorProcessOptions {
  readonly kubeconfig: string
  /** Default: the sources. */
  readonly script?: string
  /** Options for Node itself. */
  readonly nodeOptions?: readonly string[]
  readonly logLevel?: string
}

/** Starts the operator as users do, in a process of its own. */
export function startOperatorProcess(options: OperatorProcessOptions): Promise<RunningProcess> {
  const { kubeconfig, script = SOURCE, nodeOptions = [], logLevel = 'info' } = options
  const flags = [
    '--kubeconfig',
    kubeconfig,
    '--allow-private-hosts',
    '--metrics',
    '127.0.0.1:0',
    '--log-level',
    logLevel,
    // The next one after a kill takes the lease back at once.
    '--identity',
    'chaos',
  ]
  // A bundle brings its own options for Node in its first line.
  const direct = script !== SOURCE && nodeOptions.length === 0
  const [program, args] = direct ? [script, flags] : [process.execPath, [...nodeOptions, script, ...flags]]
  return startProcess(program, args, {
    name: 'gitsync-operator',
    ready: { line: /gitsync-operator started/ },
  })
}
