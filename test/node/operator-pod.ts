import { expect } from 'vitest'
import type { TestNode } from '../kit/node/index.ts'

/** The namespace of the release, and its name. */
export const PLACE = { namespace: 'gitsync-system', release: 'gitsync' } as const

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly status: {
    readonly phase: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly lastTransitionTime: string
    }[]
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly imageID: string }[]
  }
}

/** The release's Pods that are not on their way out. */
export async function pods(node: TestNode): Promise<Pod[]> {
  const selector = `app.kubernetes.io/instance=${PLACE.release}`
  const list = await node.kubectl(['get', 'pods', '-n', PLACE.namespace, '-l', selector, '-o', 'json'])
  const { items } = JSON.parse(list) as { readonly items: readonly Pod[] }
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

export async function onlyPod(node: TestNode): Promise<Pod> {
  const found = await pods(node)
  expect(found.map(({ metadata }) => metadata.name)).toHaveLength(1)
  return found[0] as Pod
}

/** Evaluates an expression in the operator's container, whose only program is Node; gives what it is, by way of JSON. */
export async function inPod(node: TestNode, pod: string, expression: string): Promise<unknown> {
  const script = `process.stdout.write(JSON.stringify(${expression}) ?? 'null')`
  return JSON.parse(await node.kubectl(['exec', '-n', PLACE.namespace, pod, '--', '/usr/local/bin/node', '-e', script]))
}

/** Who holds the operator's Lease. */
export async function leader(node: TestNode): Promise<string> {
  const path = '{.spec.holderIdentity}'
  return await node.kubectl(['get', 'lease', 'gitsync-operator', '-n', PLACE.namespace, '-o', `jsonpath=${path}`])
}
