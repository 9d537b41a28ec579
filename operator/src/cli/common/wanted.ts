import type { GitSync } from '../../api/parse.ts'
import { Inventory } from '../../plan/inventory.ts'
import { normalizeUrl } from '../../plan/overlap.ts'
import { inventoryStore, placeKey } from '../../controllers/inventory-store.ts'
import type { Location } from '../../controllers/inventory-store.ts'
import { CONFIGMAPS, isDashboardKind, NAMESPACES } from '../../controllers/known-resources.ts'
import { nameOf } from '../../controllers/environment.ts'
import { Runtime } from '../../controllers/runtime.ts'
import { beginReconciliation, runSteps } from '../../controllers/step.ts'
import type { Problem, Reconciliation } from '../../controllers/step.ts'
import { authorise } from '../../controllers/steps/authorise.ts'
import { authoriseDashboards } from '../../controllers/steps/authorise-dashboards.ts'
import { checkSpec } from '../../controllers/steps/check-spec.ts'
import { limitsFor } from '../../controllers/connect-repository.ts'
import { memberSettings } from '../../controllers/from-spec/member-settings.ts'
import { renderingOf } from '../../controllers/from-spec/rendering.ts'
import { findProvider } from '../../controllers/steps/find-provider.ts'
import { protect } from '../../controllers/steps/protect.ts'
import { readDashboards } from '../../controllers/steps/read-dashboards.ts'
import { resolveKinds } from '../../controllers/steps/resolve-kinds.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { ApiResource } from '../../kube/resource.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { PushFailure } from '../../push/failure.ts'
import type { Cluster } from './cluster.ts'
import { knownProviders } from './known-providers.ts'
import { lenientClient } from './lenient-client.ts'
import { lookAt, lookOnce } from './list-once.ts'
import type { OneLook } from './list-once.ts'
import type { Notes } from './notes.ts'
import { readingEnvironment } from './reading-environment.ts'

/** A GitSync whose spec is understood: kinds found, and what its account may read, as far as this user may ask. */
export interface Resolved {
  readonly run: Reconciliation
  readonly gitsync: GitSync
  /** Where it is written. */
  readonly branch: string
  /** With push.mode PullRequest: the branch that the other one is merged into. */
  readonly base: string | undefined
  /** Why the operator does not write to this host: a rule of a GitProvider. */
  readonly hostProblem: Problem | undefined
  /** uid of kube-system; undefined when this user may not know it. */
  readonly clusterId: string | undefined
}

/**
 * What the operator finds out about a GitSync before it reads: by the operator's own steps, with this user's rights.
 * @throws PushFailure with the reason of the condition that would stop it; KubeError
 */
export async function resolveGitSync(object: KubernetesObject, cluster: Cluster, notes: Notes): Promise<Resolved> {
  const lenient = { ...cluster, client: lenientClient(cluster.client, notes) }
  const clusterId = await clusterIdOf(cluster)
  const providers = await knownProviders(cluster, notes)
  const environment = {
    ...readingEnvironment(lenient, lookOnce(cluster.client), clusterId ?? ''),
    ...(providers === undefined ? {} : { providers: providers.valid, invalidProviders: providers.invalid }),
  }
  const run = beginReconciliation({ environment, name: nameOf(object), object, runtimes: new Map() })
  const problem = await runSteps(run, [checkSpec, resolveKinds, authorise, readDashboards, protect])
  if (problem !== undefined) throw new PushFailure(problem.reason, problem.message)
  const hostProblem = providers === undefined ? undefined : await findProvider(run)
  return { run, gitsync: run.gitsync, branch: run.branch, base: run.base, hostProblem, clusterId }
}

async function clusterIdOf({ client }: Cluster): Promise<string | undefined> {
  try {
    return (await client.get(NAMESPACES, undefined, 'kube-system')).metadata.uid
  } catch (error) {
    if (isKubeError(error, 'Forbidden', 'NotFound')) return undefined
    throw error
  }
}

export interface ReadOptions {
  /** uid of kube-system, as the folder's claim has it. */
  readonly clusterId: string
  readonly labelSelector?: string | undefined
  readonly onProgress?: (objects: number) => void
}

/** Reads everything that the GitSync selects. The operator's own runtime renders it; what is pushed by whom is another matter. */
export async function readWanted(
  { run }: Resolved,
  cluster: Cluster,
  notes: Notes,
  options: ReadOptions,
): Promise<Runtime> {
  const pool = lookOnce(cluster.client, {
    namespacesOf: (resource) => namespacesOf(run, resource),
    labelSelector: options.labelSelector,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  })
  const runtime = await startRuntime(run, pool, options.clusterId, await loadInventory(run, notes))
  await readAll(run, runtime, pool)
  for (const { kind, why } of runtime.unreadable()) notes(`${kind} is left out: ${why}`)
  for (const [key, { problem }] of runtime.unrenderable())
    notes(`${key} is left out, it cannot be made a file: ${problem.message}`)
  return runtime
}

/** What becomes of one object: by selection and rendering as the operator does them. */
export async function readOne({ run }: Resolved, object: KubernetesObject, resource: ApiResource): Promise<Runtime> {
  const one = lookAt(object, resource)
  // What a Dashboard names is elsewhere.
  const pool = isDashboardKind(resource) ? withConfigMaps(one, lookOnce(run.environment.client)) : one
  const runtime = await startRuntime(run, pool, run.environment.clusterId, new Inventory())
  await readAll(run, runtime, pool)
  return runtime
}

/** Reads what is selected, and then what Dashboards in it name. */
async function readAll(run: Reconciliation, runtime: Runtime, pool: OneLook): Promise<void> {
  await pool.settled()
  run.runtimes.set(run.name, runtime)
  await authoriseDashboards(run)
  await pool.settled()
}

const withConfigMaps = (one: OneLook, all: OneLook): OneLook => ({
  subscribe: (resource, ...rest) =>
    (resource.group === '' && resource.kind === CONFIGMAPS.kind ? all : one).subscribe(resource, ...rest),
  list: () => [],
  settled: async () => {
    await one.settled()
    await all.settled()
  },
})

async function startRuntime(
  run: Reconciliation,
  pool: OneLook,
  clusterId: string,
  inventory: Inventory,
): Promise<Runtime> {
  const { gitsync } = run
  const environment = { ...run.environment, pool }
  const store = { load: async () => inventory, loadFormer: async () => undefined, save: async () => undefined }
  const settings = { ...memberSettings(gitsync, clusterId), maxPushBytes: limitsFor(run).bytesPerPush }
  const runtime = new Runtime(environment, gitsync, {
    place: placeKey(locationOf(run)),
    branch: run.branch,
    settings,
    inventory,
    store,
  })
  const { readings, problems, leftOut, protection } = run
  const isWhole = problems.length + leftOut.length === 0
  runtime.read(readings, await renderingOf(gitsync), { isWhole, protection })
  return runtime
}

function locationOf({ gitsync, branch }: Reconciliation): Location {
  const { url, path } = gitsync.spec.repository
  return { url: normalizeUrl(url), branch, path }
}

/** Namespaces in which a kind is read; undefined where some rule asks for all of them. */
function namespacesOf({ readings }: Reconciliation, { group, kind }: ApiResource): readonly string[] | undefined {
  const reading = readings.find(({ resource }) => resource.group === group && resource.kind === kind)
  const rules = reading?.rules ?? []
  const names = rules.flatMap(({ namespaces }) => (namespaces === undefined ? [] : [...namespaces]))
  return rules.some(({ namespaces }) => namespaces === undefined) ? undefined : [...new Set(names)]
}

async function loadInventory(run: Reconciliation, notes: Notes): Promise<Inventory> {
  const { gitsync, environment } = run
  if (gitsync.metadata.uid === undefined) return new Inventory()
  try {
    return await inventoryStore(environment.client, gitsync, locationOf(run)).load()
  } catch (error) {
    if (!isKubeError(error, 'Forbidden')) throw error
    notes(`which files of the folder are this GitSync's is not known: you may not get its inventory ConfigMap`)
    return new Inventory()
  }
}
