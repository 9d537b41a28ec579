import type { Answer } from '../ask.ts'
import { page } from './page.ts'
import type { Request } from './request.ts'
import { latest } from './store.ts'
import type { Dashboard, Folder, Revision, Store } from './store.ts'

const DASHBOARDS = 'dashboard.grafana.app'
const FOLDERS = 'folder.grafana.app'
/** The preferred one first. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  [DASHBOARDS]: ['v1', 'v2', 'v2beta1', 'v1beta1', 'v0alpha1'],
  [FOLDERS]: ['v1', 'v1beta1'],
}
const schema = (version: string): string => (version.startsWith('v2') ? 'v2' : 'v1')

const failure = (code: number, reason: string, message: string, details: object = {}): Answer => ({
  status: code,
  body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code },
})
const notFound = (group: string, kind: string, name: string): Answer =>
  failure(404, 'NotFound', `${kind}.${group} "${name}" not found`, { name, group, kind })

/** `/apis/…`: dashboards and folders as resources, in both schemas, with history and trash. */
export function resources(store: Store, request: Request, most: number): Answer {
  const [group = '', version = '', , namespace = '', kind = '', name = ''] = request.path
  if (group === '') return discovery(Object.keys(VERSIONS))
  if (version === '' && group in VERSIONS)
    return { status: 200, body: { kind: 'APIGroup', apiVersion: 'v1', ...describe(group) } }
  if (VERSIONS[group]?.includes(version) !== true || namespace !== store.namespace)
    return failure(404, 'NotFound', 'the server could not find the requested resource')
  const form = { group, version, store }
  if (group === FOLDERS) return folders(form, request, name, most)
  if (kind !== 'dashboards') return failure(404, 'NotFound', 'the server could not find the requested resource')
  if (request.method !== 'GET') return write(form, request, name)
  return name === '' ? list(form, request.query, most) : get(form, request.query, name)
}

interface Form {
  readonly store: Store
  readonly group: string
  /** In which is answered. */
  readonly version: string
}

const describe = (name: string) => {
  const versions = (VERSIONS[name] ?? []).map((version) => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions, preferredVersion: versions[0] }
}
const discovery = (groups: readonly string[]): Answer => ({
  status: 200,
  body: { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(describe) },
})

function dashboard({ group, version, store }: Form, found: Dashboard, revision: Revision) {
  const { resourceVersion, generation, apiVersion, spec, folder, message, by, at } = revision
  const first = generation === 1
  const converted = apiVersion !== version
  const readable = schema(apiVersion) === schema(version)
  return {
    kind: 'Dashboard',
    apiVersion: `${group}/${version}`,
    metadata: {
      name: found.uid,
      namespace: store.namespace,
      uid: found.objectUid,
      resourceVersion: String(resourceVersion),
      generation,
      // Of the dashboard, whatever the revision.
      creationTimestamp: found.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
      labels: { 'grafana.app/deprecatedInternalID': String(found.id) },
      annotations: {
        'grafana.app/createdBy': found.createdBy,
        ...(folder === '' ? {} : { 'grafana.app/folder': folder }),
        ...(message === '' ? {} : { 'grafana.app/message': message }),
        ...(first ? {} : { 'grafana.app/updatedBy': by, 'grafana.app/updatedTimestamp': at.toISOString() }),
      },
    },
    spec: readable ? spec : { title: spec['title'] },
    status: converted
      ? {
          conversion: { failed: !readable, storedVersion: apiVersion, ...(readable ? {} : { error: 'no conversion' }) },
        }
      : {},
  }
}

function listOf<T>(
  { group, version, store }: Form,
  kind: string,
  all: readonly T[],
  query: URLSearchParams,
  most: number,
  render: (item: T) => object,
): Answer {
  const [limit, token] = [Number(query.get('limit') ?? 0), query.get('continue') ?? '']
  const found = page(all, { limit, most, token, resourceVersion: store.resourceVersion })
  const metadata = {
    resourceVersion: String(store.resourceVersion),
    ...(found.token === '' ? {} : { continue: found.token }),
  }
  return { status: 200, body: { kind, apiVersion: `${group}/${version}`, metadata, items: found.items.map(render) } }
}

function list(form: Form, query: URLSearchParams, most: number): Answer {
  const selector = query.get('labelSelector') ?? ''
  const answer = (all: readonly (readonly [Dashboard, Revision])[]): Answer =>
    listOf(form, 'DashboardList', all, query, most, ([found, revision]) => dashboard(form, found, revision))
  if (selector === 'grafana.app/get-history=true') {
    const name = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1]
    if (name === undefined) return failure(400, 'BadRequest', 'history requires a field selector metadata.name')
    const found = form.store.dashboards.get(name)
    return answer(found?.revisions.toReversed().map((revision) => [found, revision] as const) ?? [])
  }
  const trash = selector === 'grafana.app/get-trash=true'
  const all = [...(trash ? form.store.trash : form.store.dashboards).values()]
  return answer(all.map((found) => [found, latest(found)] as const))
}

function get(form: Form, query: URLSearchParams, name: string): Answer {
  const found = form.store.dashboards.get(name)
  const wanted = query.get('resourceVersion')
  const revision = found?.revisions.findLast((one) => wanted === null || String(one.resourceVersion) === wanted)
  if (found === undefined || revision === undefined) return notFound(form.group, 'dashboards', name)
  return { status: 200, body: dashboard(form, found, revision) }
}

function write(form: Form, { method, body, account }: Request, name: string): Answer {
  const { store, group, version } = form
  if (account.role === 'Viewer')
    return failure(403, 'Forbidden', `dashboards.${group} is forbidden`, { group, kind: 'dashboards' })
  const uid = method === 'POST' ? String(body.metadata.name) : name
  const known = store.dashboards.get(uid)
  if (method === 'POST' && known !== undefined)
    return failure(409, 'AlreadyExists', `dashboards.${group} "${uid}" already exists`)
  if (method !== 'POST' && known === undefined) return notFound(group, 'dashboards', uid)
  if (method === 'DELETE') {
    store.delete(uid)
    return {
      status: 200,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: uid, group, kind: 'dashboards' },
      },
    }
  }
  const given = body.metadata.resourceVersion
  if (known !== undefined && given !== undefined && given !== String(latest(known).resourceVersion))
    return failure(
      409,
      'Conflict',
      `Operation cannot be fulfilled on dashboards.${group} "${uid}": requested RV does not match current RV`,
    )
  const annotations = body.metadata.annotations ?? {}
  const saved = store.save(uid, {
    spec: body.spec,
    apiVersion: version,
    folder: annotations['grafana.app/folder'] ?? '',
    message: annotations['grafana.app/message'] ?? '',
    by: account,
  })
  return { status: method === 'POST' ? 201 : 200, body: dashboard(form, saved, latest(saved)) }
}

function folders(form: Form, { query, method }: Request, name: string, most: number): Answer {
  const { group, version, store } = form
  if (method !== 'GET') return failure(405, 'MethodNotAllowed', 'the stand-in makes folders by /api/folders')
  const render = ({ uid, title, parent }: Folder) => ({
    kind: 'Folder',
    apiVersion: `${group}/${version}`,
    metadata: {
      name: uid,
      namespace: store.namespace,
      annotations: parent === '' ? {} : { 'grafana.app/folder': parent },
    },
    spec: { title },
  })
  if (name === '') return listOf(form, 'FolderList', [...store.folders.values()], query, most, render)
  const found = store.folders.get(name)
  return found === undefined ? notFound(group, 'folders', name) : { status: 200, body: render(found) }
}
