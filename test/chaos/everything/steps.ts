import type { KubeObject } from '../../kit/apiserver/index.ts'
import type { TestRepository } from '../../kit/remote/index.ts'
import type { Random } from '../random.ts'
import type { Rig } from '../rig.ts'
import type { Journal } from './journal.ts'
import { brokenFiles } from './judge.ts'
import { readCluster } from './selection.ts'
import { drawEntries, HOME, KINDS, NAMESPACES, SECRET, WIDGETS } from './specs.ts'
import type { Kind, Spec } from './specs.ts'

/** Where the test stands. */
export interface Scene {
  readonly rig: Rig
  readonly journal: Journal
  /** As they are now. */
  readonly specs: Spec[]
  readonly definition: object
  /** Counts what people do, so that no two values are alike. */
  count: number
}

/** One thing that happens; gives what is to be written into the journal, undefined where it could not happen now. */
type Step = (scene: Scene, random: Random) => Promise<string | undefined> | string | undefined

const NAMES = ['a1', 'a2', 'a3', 'b1', 'b2', 'c-tmp']
const MANAGERS = ['kubectl-edit', 'helm', 'dashboard']
const TRAPS = ['yes', '1e3', '0x10', 'null', ' padded ', 'a: b # c', 'line\nline\n', 'ünï', '- x', '']
const GITSYNC = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: HOME }

export const syncRef = (index: number): typeof GITSYNC & { name: string } => ({ ...GITSYNC, name: `sync-${index}` })
export const BINDING = (index: number): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: `auditor-${index}` },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'auditor' },
  subjects: [{ kind: 'ServiceAccount', name: `auditor-${index}`, namespace: HOME }],
})
const bindingRef = (index: number) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  name: `auditor-${index}`,
})

const isThere = ({ rig }: Scene, ref: Parameters<Rig['api']['objects']['get']>[0]): boolean =>
  rig.api.objects.get(ref) !== undefined

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

function change(scene: Scene, random: Random): string | undefined {
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

function remove(scene: Scene, random: Random): string | undefined {
  const list = existing(scene)
  if (list.length === 0) return undefined
  const { apiVersion, kind, metadata } = random.pick(list)
  const ref = { apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? '' }
  scene.rig.api.objects.delete(ref)
  return `delete ${kind} ${ref.namespace}/${ref.name}`
}

function relabelNamespace(scene: Scene, random: Random): string | undefined {
  const name = random.pick(NAMESPACES)
  const ref = { apiVersion: 'v1', kind: 'Namespace', name }
  if (!isThere(scene, ref)) return undefined
  const team = random.pick(['red', 'blue', null])
  scene.rig.api.objects.patch(ref, { metadata: { labels: { team } } })
  return `label namespace ${name} team=${team}`
}

function toggleNamespace(scene: Scene): string {
  const ref = { apiVersion: 'v1', kind: 'Namespace', name: 'n3' }
  if (isThere(scene, ref)) {
    scene.rig.api.objects.delete(ref)
    return 'delete namespace n3'
  }
  scene.rig.api.objects.create({ ...ref, metadata: { name: 'n3', labels: { team: 'red' } } })
  return 'create namespace n3'
}

function toggleGrant(scene: Scene, random: Random): string {
  const index = random.int(scene.specs.length)
  const has = isThere(scene, bindingRef(index))
  if (has) scene.rig.api.objects.delete(bindingRef(index))
  else scene.rig.api.objects.create(BINDING(index))
  return `${has ? 'withdraw' : 'grant'} what sync-${index} may read`
}

function toggleDefinition({ rig, definition }: Scene): string {
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

function changeSpec(scene: Scene, random: Random): string {
  const index = random.int(scene.specs.length)
  const patch: Partial<Spec> = random.pick<Partial<Spec>>([
    { prune: random.pick(['Owned', 'Observed', 'Never', 'Always']) },
    { resources: drawEntries(random) },
    { suspend: scene.specs[index]?.suspend !== true },
  ])
  setSpec(scene, index, patch)
  return `sync-${index}: ${JSON.stringify(patch)}`
}

function setSpec({ rig, specs }: Scene, index: number, patch: Partial<Spec>): void {
  rig.api.objects.patch(syncRef(index), { spec: patch })
  specs[index] = { ...specs[index], ...patch } as Spec
}

/** Paths of the files that hold objects in a folder. */
async function filesOf(store: TestRepository, { repository: { branch, path } }: Spec): Promise<string[]> {
  if ((await store.resolve(branch)) === null) return []
  const files = await store.lsTree(branch, path)
  return files.flatMap((file) => (/\.(ya?ml|json)$/.test(file.path) ? [file.path] : []))
}

/** Commits as a person does who has just fetched; false when the operator was faster. */
async function commitAs(
  { rig: { store } }: Scene,
  branch: string,
  changes: Readonly<Record<string, string | null>>,
): Promise<boolean> {
  const before = await store.resolve(branch)
  try {
    await store.commitFiles(changes, { branch, time: Math.floor(Date.now() / 1000) })
    return true
  } catch (error) {
    if ((await store.resolve(branch)) === before) throw error
    return false
  }
}

const drift: Step = async (scene, random) => {
  const { store } = scene.rig
  const spec = random.pick(scene.specs)
  const { branch, path: folder } = spec.repository
  const files = await filesOf(store, spec)
  const count = ++scene.count
  const what = random.pick([
    'outside',
    'text',
    'stranger',
    'comment',
    'comment',
    'value',
    'value',
    'break',
    'move',
    'delete',
    'copy',
  ])
  const commit = async (changes: Record<string, string | null>): Promise<string | undefined> => {
    if (!(await commitAs(scene, branch, changes))) return undefined
    return `person, ${what}: ${Object.entries(changes)
      .map(([path, text]) => `${path}${text === null ? ' (gone)' : ''}`)
      .join()}`
  }
  if (what === 'outside')
    return commit({
      [random.pick(['README.md', `${folder}.md`, 'apps/web.yaml', `${folder}x/a.yaml`])]: `note: ${count}\n`,
    })
  if (what === 'text') return commit({ [`${folder}/notes-${count % 3}.md`]: `note ${count}\n` })
  if (what === 'stranger') {
    const stranger = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stranger-${count}\n  namespace: n1\ndata:\n  made: by hand\n`
    return commit({ [`${folder}/by-hand/${count % 3}.yaml`]: stranger })
  }
  if (files.length === 0) return undefined
  const path = random.pick(files)
  const text = (await store.readFile(branch, path).catch(() => Buffer.alloc(0))).toString()
  if (text === '') return undefined
  const end = path.slice(path.lastIndexOf('.'))
  switch (what) {
    case 'comment':
      return end === '.json' ? undefined : commit({ [path]: `# remark ${count}\n${text}` })
    case 'value':
      // On its own line, as people see it: values of several lines are too much trouble.
      return commit({ [path]: text.replace(/(level"?: *)(?![|>])[^\n]*?(,?)$/m, `$1"${count} by hand"$2`) })
    case 'break':
      return commit({ [path]: `${text}\n{ <<<<<<< ${count}\n` })
    case 'move':
      return commit({ [path]: null, [`${folder}/moved/m${count}${end}`]: text })
    case 'copy':
      return commit({ [`${folder}/copies/c${count}${end}`]: text })
    default:
      return commit({ [path]: null })
  }
}

const faults: Step = ({ rig: { api, remote, store }, journal }, random) => {
  const all: Record<string, () => unknown> = {
    'watches dropped': () => api.faults.dropWatches(),
    'history expired (410)': () => {
      api.faults.expireHistory(random.pick(['event', 'status']))
      api.faults.dropWatches()
    },
    'API server 429': () => {
      api.faults.throttle(2)
      api.faults.dropWatches()
    },
    'API server 5xx': () => {
      api.faults.fail(2, { code: random.pick([500, 502, 503, 504]) })
      api.faults.dropWatches()
    },
    'API server cuts': () => api.faults.reset(2),
    'API server 409': () => api.faults.conflict(2),
    'Git host 5xx': () => remote.faults.status(random.pick([500, 502, 503])),
    'Git host 429': () => remote.faults.status(429, { retryAfter: 1 }),
    'Git answer cut': () => remote.faults.cut(random.pick([0, 4, 20, 300])),
    'Git answer lost': () => remote.faults.loseAnswer(),
    'Git portal': () => remote.faults.html(),
    'Git slow': () => remote.faults.delay(150, { times: 4 }),
    'push overtaken': () =>
      remote.faults.beforeReceivePack(async () => {
        await store.commitFiles({ 'overtaken.md': `${random.next()}\n` }, { time: Math.floor(Date.now() / 1000) })
        journal.note('person, just before a push: overtaken.md')
      }),
    'push overtaken, answer lost': () => {
      remote.faults.beforeReceivePack(async () => {
        await store.commitFiles({ 'overtaken.md': `${random.next()}\n` }, { time: Math.floor(Date.now() / 1000) })
        journal.note('person, just before a push: overtaken.md')
      })
      remote.faults.loseAnswer({ times: 2 })
    },
  }
  const name = random.pick(Object.keys(all))
  all[name]?.()
  return name
}

const kill: Step = async ({ rig }) => ((await rig.kill()) ? 'the operator is killed' : undefined)
const restart: Step = async ({ rig }) => {
  const dead = await rig.kill()
  await rig.start()
  return `the operator is ${dead ? 'killed and ' : ''}started`
}

const STEPS: readonly (readonly [number, Step])[] = [
  [20, createSome],
  [32, change],
  [8, remove],
  [4, relabelNamespace],
  [1.5, toggleNamespace],
  [3, toggleGrant],
  [2.5, toggleDefinition],
  [4, changeSpec],
  [16, drift],
  [12, faults],
  [1, kill],
  [3, restart],
]
const WEIGHT = STEPS.reduce((sum, [weight]) => sum + weight, 0)

/** Does one thing by chance. */
export async function step(scene: Scene, random: Random): Promise<string | undefined> {
  let at = random.next() * WEIGHT
  const [, chosen] = STEPS.find(([weight]) => (at -= weight) < 0) ?? STEPS[0]!
  return await chosen(scene, random)
}

/** Puts an end to all that is missing or withdrawn, and lets the operator run. */
export async function heal(scene: Scene): Promise<void> {
  const { rig, specs } = scene
  rig.api.faults.clear()
  rig.remote.faults.clear()
  if (!isThere(scene, { apiVersion: 'v1', kind: 'Namespace', name: 'n3' })) toggleNamespace(scene)
  if (!readCluster(rig.api).hasWidgets) toggleDefinition(scene)
  for (const index of specs.keys()) {
    if (!isThere(scene, bindingRef(index))) rig.api.objects.create(BINDING(index))
    if (specs[index]?.suspend === true) setSpec(scene, index, { suspend: false })
  }
  rig.api.settle()
  for (const spec of specs) {
    // The operator may be faster: then once more.
    for (
      let [path] = await brokenFiles(rig.store, spec);
      path !== undefined;
      [path] = await brokenFiles(rig.store, spec)
    ) {
      const done = await commitAs(scene, spec.repository.branch, { [path]: null })
      if (done) scene.journal.note(`person, mends: ${path} (gone)`)
    }
  }
  await rig.start()
}
