/** What people do in the cluster. */
import type { KubeObject } from '../../kit/apiserver/index.ts'
import type { Random } from '../random.ts'
import { BINDING, bindingRef, isThere, syncRef } from './scene.ts'
import type { Scene } from './scene.ts'
import { readCluster } from './selection.ts'
import { drawEntries, KINDS, NAMESPACES, SECRET, WIDGETS } from './specs.ts'
import type { Kind, Spec } from './specs.ts'

const NAMES = ['a1', 'a2', 'a3', 'b1', 'b2', 'c-tmp']
const MANAGERS = ['kubectl-edit', 'helm', 'dashboard']
const TRAPS = ['yes', '1e3', '0x10', 'null', ' padded ', 'a: b # c', 'line\nline\n', 'ünï', '- x', '']
function labels(random: Random): Record<string, string> {
  return {
    ...(random.next() < 0.7 ? { tier: random.pick(['one', 'two', 'three']) } : {}),
    ...(random.next() < 0.2 ? { skip: 'yes' } : {}),
  }
}

function body({ kind }: Kind, random: Random, count: number): object {
  const level = `${count}-${random.pick(TRAPS)}`
  switch (kind) {
    case 'ConfigMap':
      return { data: { level, noise: String(count) } }
    case 'Secret':
      return { stringData: { password: SECRET }, data: { token: Buffer.from(SECRET).toString('base64') } }
    case 'Service':
      return {
        spec: {
          type: random.pick(['ClusterIP', 'NodePort']),
          selector: { level: String(count) },
          ports: [{ name: 'main', port: 80, nodePort: undefined }],
        },
      }
    case 'Deployment': {
      const app = { app: 'web' }
      const env = [{ name: 'LEVEL', value: level }]
      return {
        spec: {
          replicas: random.int(4),
          selector: { matchLabels: app },
          template: { metadata: { labels: app }, spec: { containers: [{ name: 'main', image: `web:${count}`, env }] } },
        },
      }
    }
    case 'Widget':
      return { spec: { level } }
  }
}

function existing(scene: Scene): KubeObject[] {
  return [...readCluster(scene.rig.api).objects.values()].filter(({ metadata: { name } }) => NAMES.includes(name))
}

export function createSome(scene: Scene, random: Random): string | undefined {
  const kind = random.pick(KINDS)
  const namespace = random.pick(NAMESPACES)
  const { hasWidgets, namespaces } = readCluster(scene.rig.api)
  if (!namespaces.has(namespace) || (kind.kind === 'Widget' && !hasWidgets)) return undefined
  const name = random.pick(NAMES)
  const { apiVersion } = kind
  const { objects } = scene.rig.api
  if (isThere(scene, { apiVersion, kind: kind.kind, namespace, name })) return undefined
  // An owner that stays, so that nothing collects what it owns.
  const owner = objects.get({ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'default' })
  const owned = random.next() < 0.25 && owner !== undefined
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', uid: owner?.metadata.uid, controller: true },
  ]
  const metadata = { name, namespace, labels: labels(random), ...(owned ? { ownerReferences } : {}) }
  objects.create(
    { apiVersion, kind: kind.kind, metadata, ...body(kind, random, ++scene.count) },
    { manager: random.pick(MANAGERS) },
  )
  return `create ${kind.kind} ${namespace}/${name} ${JSON.stringify(metadata.labels)}${owned ? ' (owned)' : ''}`
}

export function change(scene: Scene, random: Random): string | undefined {
  const list = existing(scene)
  if (list.length === 0) return undefined
  const { apiVersion, kind, metadata } = random.pick(list)
  const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? '' }
  const found = KINDS.find((each) => each.kind === kind)
  if (found === undefined) return undefined
  const relabel = random.next() < 0.5
  const patch = relabel
    ? { metadata: { labels: { tier: null, skip: null, ...labels(random) } } }
    : body(found, random, ++scene.count)
  scene.rig.api.objects.patch(ref, patch, { manager: random.pick(MANAGERS) })
  return `${relabel ? `label ${JSON.stringify(patch)}` : 'change'} ${kind} ${ref.namespace}/${ref.name}`
}

export function remove(scene: Scene, random: Random): string | undefined {
  const list = existing(scene)
  if (list.length === 0) return undefined
  const { apiVersion, kind, metadata } = random.pick(list)
  const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? '' }
  scene.rig.api.objects.delete(ref)
  return `delete ${kind} ${ref.namespace}/${ref.name}`
}

export function relabelNamespace(scene: Scene, random: Random): string | undefined {
  const name = random.pick(NAMESPACES)
  const ref = { apiVersion: 'v1', kind: 'Namespace', name }
  if (!isThere(scene, ref)) return undefined
  const team = random.pick(['red', 'blue', null])
  scene.rig.api.objects.patch(ref, { metadata: { labels: { team } } })
  return `label namespace ${name} team=${team}`
}

export function toggleNamespace(scene: Scene): string {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name: 'n3' }
  if (isThere(scene, ref)) {
    scene.rig.api.objects.delete(ref)
    return 'delete namespace n3'
  }
  scene.rig.api.objects.create({ ...ref, metadata: { name: 'n3', labels: { team: 'red' } } })
  return 'create namespace n3'
}

export function toggleGrant(scene: Scene, random: Random): string {
  const index = random.int(scene.specs.length)
  const has = isThere(scene, bindingRef(index))
  if (has) scene.rig.api.objects.delete(bindingRef(index))
  else scene.rig.api.objects.create(BINDING(index))
  return `${has ? 'withdraw' : 'grant'} what sync-${index} may read`
}

export function toggleDefinition({ rig, definition }: Scene): string {
  const has = rig.api.objects.get({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: WIDGETS,
  })
  if (has === undefined) rig.api.objects.create(definition)
  else
    rig.api.objects.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: WIDGETS })
  return `${has === undefined ? 'install' : 'remove'} the definition of Widget`
}

export function changeSpec(scene: Scene, random: Random): string {
  const index = random.int(scene.specs.length)
  const patch: Partial<Spec> = random.pick<Partial<Spec>>([
    { prune: random.pick(['Owned', 'Observed', 'Never', 'Always']) },
    { resources: drawEntries(random) },
    { suspend: scene.specs[index]?.suspend !== true },
  ])
  setSpec(scene, index, patch)
  return `sync-${index}: ${JSON.stringify(patch)}`
}

export function setSpec({ rig, specs }: Scene, index: number, patch: Partial<Spec>): void {
  rig.api.objects.patch(syncRef(index), { spec: patch })
  specs[index] = { ...specs[index], ...patch } as Spec
}
