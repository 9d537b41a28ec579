import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { component } from '../components/index.ts'
import { createCgroups } from '../node/cgroups.ts'
import { startNamespaces } from '../node/namespaces.ts'
import { checkMachine } from '../node/requirements.ts'
import { run } from '../process/index.ts'

/** A Docker engine of its own. Its containers have the machine's network, and no other: run them with `--network host`. */
export interface Docker {
  /** As DOCKER_HOST. */
  readonly host: string
  /** Folder of its programs, and of what came with them: `usr/bin/busybox`. */
  readonly usr: string
  /** Runs the client, with BuildKit, and gives what it printed. Throws CommandError with its message. */
  docker(args: readonly string[], options?: { readonly timeout?: number }): Promise<string>
  log(): string
  /** Ends it with all its containers, and leaves nothing on the machine. */
  stop(): Promise<void>
}

/** Starts an engine in namespaces of its own, so that nothing of it touches one that the machine may have. Needs root. */
export async function startDocker(): Promise<Docker> {
  await checkMachine()
  const usr = resolve(dirname(await component('dockerd')), '..')
  const name = `gitsync-docker-${randomBytes(4).toString('hex')}`
  const state = await mkdtemp(join(tmpdir(), `${name}-`))
  const undo: (() => Promise<void>)[] = [() => rm(state, { recursive: true, force: true, maxRetries: 10 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    for (const folder of ['root', 'data']) await mkdir(join(state, folder))
    const cgroups = await createCgroups(name)
    undo.push(() => cgroups.remove())
    const namespaces = await startNamespaces({
      network: 'machine',
      state,
      usr: usr === '/usr' ? null : usr,
      binds: [
        [state, state],
        [join(state, 'data'), '/var/lib/docker'],
      ],
    })
    undo.push(() => namespaces.stop())
    const host = `unix://${join(state, 'docker.sock')}`
    const env = { PATH: process.env['PATH'], HOME: state, DOCKER_HOST: host, DOCKER_BUILDKIT: '1' }
    const docker: Docker['docker'] = async (args, options = {}) =>
      (await run(join(usr, 'bin/docker'), args, { env, ...options })).stdout.toString()
    const engine = await namespaces.start(
      'node',
      'dockerd',
      [
        `--host=${host}`,
        '--data-root=/var/lib/docker',
        '--exec-root=/run/docker',
        '--pidfile=/run/docker.pid',
        `--cgroup-parent=${cgroups.root}`,
        '--storage-driver=overlay2',
        // The machine's network is not the engine's to change.
        '--bridge=none',
        '--iptables=false',
        '--ip-masq=false',
        '--ip-forward=false',
      ],
      { ready: { probe: async () => (await docker(['version'])) !== '' } },
    )
    undo.push(() => engine.stop({ grace: 0 }))
    return { host, usr, docker, log: engine.output, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
