import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Io } from '@gitsync/protocol/cli'
import { parse } from 'yaml'
import { startApiServer } from '../../../../test/kit/apiserver/index.ts'
import type { EmbeddedApiServer } from '../../../../test/kit/apiserver/index.ts'
import { startRemote } from '../../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../../test/kit/remote/index.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly now?: () => Date
}

/** A cluster, a Git host, and commands run in this process. */
export interface Stage {
  readonly api: EmbeddedApiServer
  readonly remote: Remote
  readonly repository: TestRepository
  /** Runs a command as the administrator, or as who has this kubeconfig. */
  run(main: Main, args: readonly string[], given?: Given): Promise<Ran>
  /** A kubeconfig of a user whose rights come from roles alone. */
  userConfig(user: string): Promise<string>
  stop(): Promise<void>
}

export type Main = (argv: readonly string[], io: Io) => Promise<number>

const CRDS = new URL('../../../../crds/', import.meta.url)

export async function startStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-cli-'))
  const names = ['gitsyncs', 'gitproviders']
  const crds = await Promise.all(
    names.map(async (name) => parse(await readFile(new URL(`gitsync.dev_${name}.yaml`, CRDS), 'utf8')) as object),
  )
  const [api, remote] = await Promise.all([startApiServer({ crds }), startRemote()])
  const kubeconfig = join(folder, 'kubeconfig')
  await api.writeKubeconfig(kubeconfig)
  return {
    api,
    remote,
    repository: await remote.createRepository('audit.git'),
    async run(main, args, { env = {}, input = '', now = () => new Date() } = {}) {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
      stdin.end(input)
      const printed = Promise.all([text(stdout), text(stderr)])
      const io: Io = {
        stdin,
        stdout,
        stderr,
        now,
        program: '/nonexistent/kubectl-gitsync',
        env: { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig, ...env },
      }
      const code = await main(args, io)
      stdout.end()
      stderr.end()
      const [out, err] = await printed
      return { code, out, err }
    },
    async userConfig(user) {
      const file = join(folder, user)
      await api.writeKubeconfig(file, { name: user, token: user })
      return file
    },
    async stop() {
      await Promise.all([api.stop(), remote.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
