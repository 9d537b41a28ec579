import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseAllDocuments } from 'yaml'
import { createKubeClient } from '../operator/src/kube/client.ts'
import { loadConnection } from '../operator/src/kube/connection.ts'
import { createDiscovery } from '../operator/src/kube/discovery.ts'
import type { ApiResource } from '../operator/src/kube/discovery.ts'
import { isKubeError } from '../operator/src/kube/errors.ts'
import type { KubernetesObject } from '../operator/src/objects/object.ts'
import { parseApiVersion } from '../operator/src/objects/object.ts'
import type { Kubectl } from './kubectl.ts'

const KINDS: Readonly<Record<string, { readonly group: string; readonly kind: string }>> = {
  configmap: { group: '', kind: 'ConfigMap' },
  deployment: { group: 'apps', kind: 'Deployment' },
  gitsync: { group: 'gitsync.dev', kind: 'GitSync' },
  crd: { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
}

/** As much of kubectl as the demo needs, for machines without one. */
export async function builtInKubectl(kubeconfig: string | undefined, show: (line: string) => void): Promise<Kubectl> {
  const client = createKubeClient(await loadConnection({ kubeconfig, env: process.env }))
  const discovery = createDiscovery(client)

  const resourceOf = async (group: string, kind: string): Promise<ApiResource> => {
    const found = await discovery.resolve({ group, kind }, { maxAgeMs: 0 })
    if (found.state !== 'Served') throw new Error(`the API server does not serve ${kind}`)
    return found.resource
  }
  const target = async (text: string): Promise<ApiResource> => {
    const { group, kind } = KINDS[text.split('/')[0] ?? ''] ?? { group: '', kind: text }
    return resourceOf(group, kind)
  }
  const apply = async (text: string): Promise<void> => {
    for (const document of parseAllDocuments(text)) {
      const object = document.toJS() as KubernetesObject | null
      if (object === null) continue
      const resource = await resourceOf(parseApiVersion(object.apiVersion).group, object.kind)
      const { namespace, name } = object.metadata
      try {
        await client.create(resource, namespace, object)
      } catch (error) {
        if (!isKubeError(error, 'AlreadyExists')) throw error
        await client.mergePatch(resource, namespace, name, object)
      }
      show(`  ${object.kind.toLowerCase()}/${name} applied`)
    }
  }
  const waitFor = async (args: readonly string[], namespace: string | undefined): Promise<void> => {
    const condition = /^--for=condition=(\w+)$/.exec(args[1] ?? '')?.[1]
    const commit = /lastCommit\.sha}=(\w+)$/.exec(args[1] ?? '')?.[1]
    for (const item of args.slice(2).filter((arg) => arg.includes('/'))) {
      const resource = await target(item)
      for (;;) {
        const object = await client.get(resource, namespace, item.split('/')[1] ?? '')
        const status = (object['status'] ?? {}) as {
          conditions?: { type: string; status: string }[]
          lastCommit?: { sha: string }
        }
        if (commit !== undefined && status.lastCommit?.sha === commit) break
        if (status.conditions?.some(({ type, status: state }) => type === condition && state === 'True') === true) break
        await pause(50)
      }
    }
  }

  return async (args, input) => {
    show(`$ kubectl ${args.join(' ')}   (built in: no kubectl on this machine)`)
    const at = args.indexOf('-n')
    const namespace = at < 0 ? undefined : args[at + 1]
    const [verb, kind = '', name = ''] = args
    if (verb === 'apply') {
      const path = args[2] ?? '-'
      if (path === '-') await apply(input ?? '')
      else for (const file of await readdir(path)) await apply(await readFile(join(path, file), 'utf8'))
    } else if (verb === 'wait') await waitFor(args, namespace)
    else if (verb === 'patch') {
      const patch = JSON.parse(args[args.indexOf('-p') + 1] ?? '{}') as object
      await client.mergePatch(await target(kind), namespace, name, patch)
    } else if (verb === 'scale') {
      const replicas = Number(args.find((arg) => arg.startsWith('--replicas='))?.split('=')[1])
      await client.mergePatch(await target(kind), namespace, name, { spec: { replicas } })
    } else if (verb === 'delete') await client.delete(await target(kind), namespace, name)
    else if (verb === 'get') {
      const { items } = await client.list(await target(kind), namespace)
      for (const { metadata, status } of items) show(`  ${metadata.name}  ${JSON.stringify(status)}`)
    }
    return ''
  }
}
