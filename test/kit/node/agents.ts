import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import type { RunningProcess } from '../process/index.ts'
import type { Cgroups } from './cgroups.ts'
import type { ControlPlane } from './control-plane.ts'
import type { Namespaces } from './namespaces.ts'
import type { Network } from './network.ts'
import type { ContainerRuntime } from './runtime.ts'

export interface AgentOptions {
  readonly name: string
  readonly state: string
  readonly namespaces: Namespaces
  readonly network: Network
  readonly cgroups: Cgroups
  readonly runtime: ContainerRuntime
  readonly controlPlane: ControlPlane
}

/** Starts kubelet and kube-proxy in the node. `started` takes each process as soon as it runs. */
export async function startAgents(options: AgentOptions, started: (process: RunningProcess) => void): Promise<void> {
  const { name, state, namespaces, controlPlane } = options
  const kubeletConfig = join(state, 'kubelet.json')
  const proxyConfig = join(state, 'kube-proxy.json')
  await writeFile(kubeletConfig, JSON.stringify(await kubelet(options)))
  await writeFile(proxyConfig, JSON.stringify(await proxy(options)))
  started(
    await namespaces.start('node', await component('kubelet'), [
      `--config=${kubeletConfig}`,
      `--kubeconfig=${await controlPlane.kubeconfig(`system:node:${name}`, 'system:nodes')}`,
      `--hostname-override=${name}`,
      `--node-ip=${options.network.nodeAddress}`,
    ]),
  )
  started(await namespaces.start('node', await component('kube-proxy'), [`--config=${proxyConfig}`]))
}

async function kubelet({ name, state, network, cgroups, runtime, controlPlane }: AgentOptions): Promise<unknown> {
  const { authority } = controlPlane
  const { cert, key } = await authority.issue(
    'kubelet',
    `/CN=${name}`,
    `subjectAltName=DNS:${name},IP:${network.nodeAddress}\nextendedKeyUsage=serverAuth\n`,
  )
  // A node without names: Pods find what they need by address.
  const resolvConf = join(state, 'resolv.conf')
  await writeFile(resolvConf, '# none\n')
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.nodeAddress,
    healthzBindAddress: '127.0.0.1',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: authority.ca },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: cert,
    tlsPrivateKeyFile: key,
    containerRuntimeEndpoint: `unix://${runtime.socket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroups.root,
    failCgroupV1: false,
    failSwapOn: false,
    resolvConf,
    enforceNodeAllocatable: ['pods'],
    // A developer's disk may be nearly full.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'nodefs.inodesFree': '1%',
      'imagefs.available': '1%',
    },
  }
}

async function proxy({ name, network, controlPlane }: AgentOptions): Promise<unknown> {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    bindAddress: network.nodeAddress,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    clusterCIDR: network.pods,
    hostnameOverride: name,
    clientConnection: { kubeconfig: await controlPlane.kubeconfig('system:kube-proxy') },
    // The kernel's table is the whole machine's: left as it is.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  }
}
