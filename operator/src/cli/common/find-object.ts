import type { Discovery } from '../../kube/discovery.ts'
import type { ApiResource } from '../../kube/resource.ts'
import { groupKindKey } from '../../objects/object.ts'
import { CommandFailure } from './command-failure.ts'

/** An object as people name it. */
export interface NamedObject {
  readonly resource: ApiResource
  /** Undefined for kinds outside namespaces. */
  readonly namespace: string | undefined
  readonly name: string
}

/**
 * `deployment/web`, `deployments.apps/web`, `configmap/shop/settings` (kind/namespace/name). Kinds as kubectl takes them.
 * @param namespace where none is named
 * @throws CommandFailure naming what is near
 */
export async function findObject(text: string, namespace: string, discovery: Discovery): Promise<NamedObject> {
  const parts = text.split('/')
  const [type = '', ...rest] = parts
  const name = rest.pop() ?? ''
  const [inNamespace, ...tooMany] = rest
  if (type === '' || name === '' || inNamespace === '' || tooMany.length > 0) {
    throw new CommandFailure(
      'usage',
      `${JSON.stringify(text)} names no object: KIND/NAME or KIND/NAMESPACE/NAME is needed, such as deployment/web`,
    )
  }
  const resource = await findKind(type, discovery)
  if (!resource.namespaced && inNamespace !== undefined) {
    throw new CommandFailure('usage', `${text}: ${resource.kind} is outside namespaces: write ${type}/${name}`)
  }
  return { resource, name, namespace: resource.namespaced ? (inNamespace ?? namespace) : undefined }
}

/**
 * A kind as kubectl takes it: `ConfigMap`, `configmaps`, `cm`, `deployment.apps`, `deployments.v1.apps`; also `apps/Deployment`.
 * @throws CommandFailure naming what is near; KubeError when the API server does not answer
 */
export async function findKind(text: string, discovery: Discovery): Promise<ApiResource> {
  const { resources, unknownGroups } = await discovery.resources()
  if (unknownGroups.includes('*')) {
    const resolution = await discovery.resolve({ group: '', kind: 'Namespace' })
    if (resolution.state === 'Unknown') throw resolution.error
  }
  const found = resources.filter((resource) => isNamed(resource, text.toLowerCase()))
  const [first] = found
  // Of kinds in several groups the core group's comes first, as with kubectl.
  const core = found.find(({ group }) => group === '')
  if (core !== undefined) return core
  if (first !== undefined && new Set(found.map(({ group }) => group)).size === 1) return first
  if (first !== undefined) {
    const names = found.map((resource) => groupKindKey(resource).toLowerCase()).join(', ')
    throw new CommandFailure('usage', `${JSON.stringify(text)} may be ${names}: name the group`)
  }
  const missing = unknownGroups.length === 0 ? '' : ` (about ${unknownGroups.join(', ')} nothing could be found out)`
  const near = resources.filter(({ kind, plural }) => isNear(text.toLowerCase(), [kind.toLowerCase(), plural]))
  const hint =
    near.length === 0 ? 'kubectl api-resources lists all' : `did you mean ${near.map(groupKindKey).join(' or ')}?`
  throw new CommandFailure('notFound', `the API server serves no kind ${JSON.stringify(text)}${missing}; ${hint}`)
}

function isNamed({ kind, plural, shortNames = [], group, version }: ApiResource, text: string): boolean {
  const words = [kind.toLowerCase(), plural, ...shortNames]
  const forms = words.flatMap((word) =>
    group === ''
      ? [word, `core/${word}`]
      : [word, `${word}.${group}`, `${word}.${version}.${group}`, `${group}/${word}`],
  )
  return forms.includes(text)
}

function isNear(text: string, words: readonly string[]): boolean {
  const [word = ''] = text.replace(/^.*\//, '').split('.')
  return word.length > 2 && words.some((known) => known.startsWith(word) || word.startsWith(known))
}
