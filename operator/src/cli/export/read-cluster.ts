import type { GitSyncSpecInput } from '../../api/gitsync.ts'
import { InvalidSpecError } from '../../api/invalid-spec.ts'
import { parseGitSync } from '../../api/parse.ts'
import type { GitSync } from '../../api/parse.ts'
import { nameOf } from '../../controllers/environment.ts'
import { GITSYNCS } from '../../controllers/known-resources.ts'
import type { Reading } from '../../controllers/source-set.ts'
import type { Runtime } from '../../controllers/runtime.ts'
import { beginReconciliation } from '../../controllers/step.ts'
import { apiVersionOf } from '../../kube/resource.ts'
import type { ApiResource } from '../../kube/resource.ts'
import { groupKindKey } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { lookOnce } from '../common/list-once.ts'
import type { Notes } from '../common/notes.ts'
import { readingEnvironment } from '../common/reading-environment.ts'
import { findKind } from '../common/find-object.ts'
import { readWanted } from '../common/wanted.ts'

/** What to export. */
export interface Selection {
  /** Folder in the repository, `.` for the root. */
  readonly path: string
  /** Kinds as kubectl takes them, or group/Kind. */
  readonly kinds: readonly string[]
  /** Undefined for all. */
  readonly namespaces: readonly string[] | undefined
  readonly labelSelector: string | undefined
  readonly layout: { readonly template: string | undefined; readonly format: 'YAML' | 'JSON' }
}

/** How the fields of the GitSync that stands for the command line are called there. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  'spec.repository.path': 'PATH',
  'spec.resources': '--resource',
}

/**
 * Reads and renders what is selected, as a GitSync with these resources would. Needs no definitions and no operator.
 * @throws CommandFailure for what cannot be exported; KubeError
 */
export async function readCluster(
  { path, kinds, namespaces, labelSelector, layout }: Selection,
  cluster: Cluster,
  {
    notes,
    keepGoing,
    onProgress,
  }: { readonly notes: Notes; readonly keepGoing: boolean; readonly onProgress: (objects: number) => void },
): Promise<Runtime> {
  const resources = await Promise.all(kinds.map((kind) => findKind(kind, cluster.discovery)))
  for (const resource of resources) checkKind(resource)
  const template = layout.template ?? (layout.format === 'JSON' ? '{namespace}/{type}/{name}.json' : undefined)
  const object = {
    apiVersion: apiVersionOf(GITSYNCS),
    kind: GITSYNCS.kind,
    metadata: { name: 'export', namespace: cluster.namespace },
    spec: {
      repository: { url: 'https://export.invalid/repository', path },
      resources: resources.map(({ group, kind, version }) => ({ group, kind, version })),
      layout: { format: layout.format, ...(template === undefined ? {} : { template }) },
    } satisfies GitSyncSpecInput,
  }
  const environment = readingEnvironment(cluster, lookOnce(cluster.client), '')
  const run = beginReconciliation({ environment, name: nameOf(object), object, runtimes: new Map() })
  run.gitsync = parseSelection(object)
  const { exclude, defaultExclusions, ignoreManagers } = run.gitsync.spec
  const exclusions = { exclude, defaultExclusions, ignoreManagers }
  run.readings = resources.map((resource, index): Reading => {
    const selector = run.gitsync.spec.resources[index]
    if (selector === undefined) throw new CommandFailure('other', `${groupKindKey(resource)} has no entry`)
    const where = resource.namespaced && namespaces !== undefined ? new Set(namespaces) : undefined
    return { resource, rules: [{ selector, namespaces: where }], exclusions, isByWildcard: false }
  })
  const resolved = {
    run,
    gitsync: run.gitsync,
    branch: 'export',
    base: undefined,
    hostProblem: undefined,
    clusterId: '',
  }
  const left: string[] = []
  const tell = keepGoing ? notes : (text: string) => left.push(text)
  const runtime = await readWanted(resolved, cluster, tell, { clusterId: '', labelSelector, onProgress })
  const isForbidden = runtime.unreadable().some((one) => one.isForbidden)
  if (left.length > 0) {
    const kind = isForbidden ? 'permission' : runtime.unreadable().length > 0 ? 'network' : 'other'
    throw new CommandFailure(kind, `${left.join('; ')}; nothing is exported (--keep-going exports the rest)`)
  }
  const [conflict] = runtime.member.desired.conflicts()
  if (conflict !== undefined) {
    const names = conflict.objects.map(({ kind, namespace = '', name }) => `${kind} ${namespace}/${name}`).join(' and ')
    throw new CommandFailure(
      'conflict',
      `--layout gives one path, ${conflict.path}, to ${names}: add placeholders to it`,
    )
  }
  return runtime
}

function checkKind(resource: ApiResource): void {
  const name = groupKindKey(resource)
  if (resource.group === '' && resource.kind === 'Secret') {
    throw new CommandFailure(
      'usage',
      '--resource Secret is refused: a Secret is not written to Git as it is. A GitSync can encrypt it',
    )
  }
  if (!resource.verbs.includes('list')) {
    throw new CommandFailure('usage', `--resource ${name} cannot be listed`)
  }
}

function parseSelection(object: KubernetesObject): GitSync {
  try {
    return parseGitSync(object)
  } catch (error) {
    if (!(error instanceof InvalidSpecError)) throw error
    const argument = ARGUMENTS[error.field]
    if (argument === undefined) throw error
    throw new CommandFailure('usage', `${argument} ${error.value}: ${error.remedy}`)
  }
}
