import type { EmbeddedApiServer, KubeObject } from '../kit/apiserver/index.ts'
import { withoutServerFields } from './oracle.ts'
import type { Random } from './random.ts'
import { folderOf, KINDS, NAMESPACES } from './tenants.ts'

const MANAGERS = ['kubectl-edit', 'argocd-controller', 'helm', 'dashboard'] as const

/** The operator lets so many deletions of a folder pass in ten minutes; a minute more for those that it writes late. */
const UNGUARDED_DELETIONS = 10
const GUARDED_MS = 11 * 60_000

/** One state that a file was supposed to have, and who made it; content null where it was to go. */
export interface Version {
  readonly manager: string
  readonly content: unknown
}

/** People at work: every state they bring an object to is kept, by the path of its file. */
export interface Editor {
  /** Creates, changes, scales or deletes one object by chance. */
  edit(): void
  /** Edits made so far. */
  readonly count: number
  readonly versions: ReadonlyMap<string, readonly Version[]>
}

/** @param objects how many each tenant starts with, half of either kind */
export function createEditor(api: EmbeddedApiServer, random: Random, objects: number): Editor {
  const versions = new Map<string, Version[]>()
  let count = 0
  const deletions = new Map<string, number[]>()

  /** More deletions would be stopped as a mass deletion, which is another test. */
  const mayDelete = (namespace: string): boolean => {
    const recent = (deletions.get(namespace) ?? []).filter((time) => performance.now() - time < GUARDED_MS)
    if (recent.length >= UNGUARDED_DELETIONS) return false
    deletions.set(namespace, [...recent, performance.now()])
    return true
  }
  const remember = (object: KubeObject, namespace: string, type: string, manager: string, gone = false): void => {
    const path = `${folderOf(namespace)}/${namespace}/${type}/${object.metadata.name}.yaml`
    const list = versions.get(path) ?? []
    list.push({ manager, content: gone ? null : withoutServerFields(object) })
    versions.set(path, list)
  }
  const create = (namespace: string, { apiVersion, kind, type }: (typeof KINDS)[number]): void => {
    const manager = random.pick(MANAGERS)
    const metadata = { name: `o${++count}.${random.int(1000)}`, namespace }
    const body = kind === 'ConfigMap' ? { data: data(random, count) } : { spec: deployment(random, count) }
    remember(api.objects.create({ apiVersion, kind, metadata, ...body }, { manager }), namespace, type, manager)
  }
  // What controllers put into every namespace is selected as well.
  api.settle()
  for (const namespace of NAMESPACES) {
    for (const { apiVersion, kind, type } of KINDS) {
      for (const object of api.objects.list({ apiVersion, kind, namespace })) remember(object, namespace, type, '')
    }
    for (let i = 0; i < objects; i++) create(namespace, random.pick(KINDS))
  }

  const change = (object: KubeObject, namespace: string, { apiVersion, kind, type }: (typeof KINDS)[number]): void => {
    const manager = random.pick(MANAGERS)
    const ref = { apiVersion, kind, namespace, name: object.metadata.name }
    count++
    const labels = { edit: String(count) }
    const patch =
      kind === 'ConfigMap'
        ? { metadata: { labels }, data: data(random, count) }
        : { metadata: { labels }, spec: { replicas: count } }
    remember(api.objects.patch(ref, patch, { manager }), namespace, type, manager)
    // What controllers say in between is nobody's edit.
    if (kind === 'Deployment') {
      const current = api.objects.get(ref) as KubeObject
      api.objects.updateStatus(
        { ...current, status: { observedGeneration: count } },
        { manager: 'kube-controller-manager' },
      )
    }
  }

  return {
    get count() {
      return count
    },
    versions,
    edit() {
      const namespace = random.pick(NAMESPACES)
      const selected = random.pick(KINDS)
      const { apiVersion, kind } = selected
      const list = api.objects
        .list({ apiVersion, kind, namespace })
        .filter(({ metadata }) => /^o\d/.test(metadata.name))
      const chance = random.next()
      if (list.length === 0 || chance < 0.25) return create(namespace, selected)
      const object = random.pick(list)
      if (chance < 0.85 || !mayDelete(namespace)) return change(object, namespace, selected)
      count++
      api.objects.delete({ apiVersion, kind, namespace, name: object.metadata.name })
      remember(object, namespace, selected.type, random.pick(MANAGERS), true)
    },
  }
}

const TRAPS = ['yes', '1e3', '0x10', 'null', ' padded ', 'a: b # c', 'line\nline\n', 'tab\there', 'ünï', '- x', '']

function data(random: Random, count: number): Record<string, string> {
  return { count: String(count), trap: random.pick(TRAPS), text: 'x'.repeat(random.int(600)) }
}

function deployment(random: Random, count: number): object {
  const labels = { app: `a${count}` }
  const env = [{ name: 'TRAP', value: random.pick(TRAPS) }]
  return {
    replicas: random.int(5),
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'main', image: `registry.example/app:${count}`, env }] },
    },
  }
}
