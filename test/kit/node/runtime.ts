import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import type { RunningProcess } from '../process/index.ts'
import { writeImage } from '../../../scripts/image/archive.ts'
import type { Namespaces } from './namespaces.ts'
import type { Network } from './network.ts'

const PAUSE = 'gitsync.test/pause:1'

export interface ContainerRuntime {
  readonly socket: string
  /** Takes in an image from a file, as `docker save` or an OCI layout. */
  importImage(file: string): Promise<void>
}

const config = `
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE}"
  # A machine may lack the right to make a process less likely to be killed than containerd is.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`

/** Pods on one bridge; what leaves the node has the node's address, to which the machine knows the way. */
const bridge = (pods: string): unknown => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      hairpinMode: true,
      ipMasq: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: pods }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
})

/** Starts containerd in the node. `started` takes the process as soon as it runs. */
export async function startRuntime(
  state: string,
  namespaces: Namespaces,
  { pods }: Network,
  started: (process: RunningProcess) => void,
): Promise<ContainerRuntime> {
  const socket = '/run/containerd/containerd.sock'
  const configFile = join(state, 'containerd.toml')
  await writeFile(configFile, config)
  await mkdir(join(state, 'cni/net.d'), { recursive: true })
  await writeFile(join(state, 'cni/net.d/10-pods.conflist'), JSON.stringify(bridge(pods)))
  const ctr = (...args: string[]): Promise<string> =>
    namespaces.run('node', 'ctr', ['--address', socket, '--namespace', 'k8s.io', ...args])
  started(
    await namespaces.start('node', 'containerd', ['--config', configFile], {
      ready: { probe: async () => (await ctr('version')) !== '' },
    }),
  )
  const importImage = async (file: string): Promise<void> => {
    await ctr('images', 'import', file)
  }
  const pause = join(state, 'pause.tar')
  await writeImage(pause, {
    name: PAUSE,
    layers: [[{ path: 'pause', mode: 0o755, file: await component('pause') }]],
    config: { Entrypoint: ['/pause'], User: '65535:65535' },
  })
  await importImage(pause)
  return { socket, importImage }
}
