import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { bundle } from '../../../scripts/bundle.ts'
import { component } from '../../kit/components/index.ts'
import { CommandError, run } from '../../kit/process/index.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunAs {
  readonly kubeconfig: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}

/** The commands as people have them: built, on PATH, and the plugin started by the real kubectl. */
export interface Commands {
  /** `kubectl gitsync …`; what is not a verb of ours goes to kubectl itself, as `__complete`. */
  kubectl(args: readonly string[], as: RunAs): Promise<Ran>
  /** `gitsync export …` */
  export(args: readonly string[], as: RunAs): Promise<Ran>
  stop(): Promise<void>
}

const COMPLETION = new URL('../../../operator/src/cli/kubectl_complete-gitsync', import.meta.url).pathname

export async function installCommands(): Promise<Commands> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-plugin-'))
  const program = await component('kubectl')
  const built = join(folder, 'lib')
  const [plugin, exporter, gitsync] = [
    await bundle('kubectl-gitsync', built),
    await bundle('gitsync-export', built),
    await bundle('gitsync', built),
  ]
  await symlink(plugin, join(folder, 'kubectl-gitsync'))
  await symlink(exporter, join(folder, 'gitsync-export'))
  await symlink(gitsync, join(folder, 'gitsync'))
  await symlink(COMPLETION, join(folder, 'kubectl_complete-gitsync'))
  const path = [folder, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter)
  const start = async (
    file: string,
    args: readonly string[],
    { kubeconfig, env = {}, input = '' }: RunAs,
  ): Promise<Ran> => {
    try {
      const ran = await run(file, args, { env: { PATH: path, HOME: folder, KUBECONFIG: kubeconfig, ...env }, input })
      return { code: 0, out: ran.stdout.toString(), err: ran.stderr }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return { code: error.exitCode ?? -1, out: error.stdout, err: error.stderr }
    }
  }
  return {
    kubectl: (args, as) => start(program, args, as),
    export: (args, as) => start(join(folder, 'gitsync'), ['export', ...args], as),
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}
