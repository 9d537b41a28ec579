import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { run, startProcess } from '../process/index.ts'
import type { RunningProcess, StartOptions } from '../process/index.ts'

export interface NamespaceOptions {
  /** Whether they have a network of their own, with nothing but loopback yet; otherwise it is the machine's. */
  readonly network: 'own' | 'machine'
  /** Folder for them; must have an empty folder `root`. */
  readonly state: string
  /** Folder whose content is laid over the machine's `/usr`; null: none. */
  readonly usr: string | null
  /** Folders of the machine, and where they are seen: what is written there is written to the machine's disk. */
  readonly binds: readonly (readonly [source: string, target: string])[]
}

/** Which namespaces a program enters: `network` alone leaves it the machine's files and its control. */
type Into = 'network' | 'node'

/** Mount, network and process namespaces that live until `stop`. */
export interface Namespaces {
  /** Their first process, as the machine numbers it. */
  readonly pid: number
  start(into: Into, command: string, args: readonly string[], options?: StartOptions): Promise<RunningProcess>
  run(into: Into, command: string, args: readonly string[]): Promise<string>
  /** Kills everything in them. */
  stop(): Promise<void>
}

/** What the kubelet insists on and may not change for the whole machine. */
const SYSCTLS: Readonly<Record<string, number>> = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
  'kernel/keys/root_maxkeys': 1_000_000,
  'kernel/keys/root_maxbytes': 25_000_000,
}

const lines = (pairs: readonly (readonly [string, string | number])[]): string =>
  pairs.map(([first, second]) => `${first} ${second}`).join('\n')

export async function startNamespaces({ network, state, usr, binds }: NamespaceOptions): Promise<Namespaces> {
  const flags = ['--mount', '--pid', '--fork', '--kill-child', ...(network === 'own' ? ['--net'] : [])]
  const outer = await startProcess('unshare', [...flags, '/bin/sh', join(import.meta.dirname, 'init.sh')], {
    name: 'the first process of the namespaces',
    env: {
      PATH: process.env['PATH'],
      NETWORK: network,
      STATE: state,
      USR: usr ?? '',
      BINDS: lines(binds),
      SYSCTLS: lines(Object.entries(SYSCTLS)),
    },
    ready: { line: /the namespaces are ready/ },
  })
  const pid = await onlyChild(outer.pid)
  const enter = (into: Into): string[] => ['-t', String(pid), '-n', ...(into === 'network' ? [] : ['-m', '-p'])]
  return {
    pid,
    start: (into, command, args, options) =>
      startProcess('nsenter', [...enter(into), '--', command, ...args], { name: command, ...options }),
    async run(into, command, args) {
      return (await run('nsenter', [...enter(into), '--', command, ...args])).stdout.toString()
    },
    stop: () => outer.stop({ grace: 0 }),
  }
}

async function onlyChild(parent: number): Promise<number> {
  for (;;) {
    const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')
    const [child] = children.split(' ')
    if (child !== undefined && child !== '') return Number(child)
    await pause(10)
  }
}
