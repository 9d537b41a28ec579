import type { Answer } from '../ask.ts'
import { alertRules } from './alert-rules.ts'
import { forbidden, ok, problem, slug, title } from './classic-form.ts'
import { libraryPanels } from './library-panels.ts'
import { page } from './page.ts'
import type { Request } from './request.ts'
import { folders, search } from './search.ts'
import { latest } from './store.ts'
import type { Dashboard, Revision, Store } from './store.ts'

const notFound = problem(404, 'Dashboard not found')
const seconds = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z')

/** `/api/…`, the API that Grafana has had from the beginning. */
export function classic(store: Store, request: Request): Answer {
  const { method, path, query, body } = request
  const [first = '', second = '', uid = '', part = '', number = ''] = path
  const writes = request.account.role !== 'Viewer'
  if (first === 'v1' && second === 'provisioning') return alertRules(store, request)
  if (method !== 'GET' && !writes) return forbidden('dashboards:write')
  if (first === 'library-elements') return libraryPanels(store, request)
  switch (`${method} ${first}`) {
    case 'GET health':
      return ok({ database: 'ok', version: '12.4.0', commit: 'stand-in' })
    case 'GET org':
      return ok({ id: store.organisation, name: 'Main Org.', address: {} })
    case 'GET search':
      return search(store, query)
    case 'GET folders':
      return second === '' ? folders(store, query) : folder(store, second)
    case 'PUT folders':
      store.changeFolder(second, { title: body.title })
      return folder(store, second)
    case 'DELETE folders':
      if (store.rules.inFolder(second).length > 0 && query.get('forceDeleteRules') !== 'true')
        return problem(400, 'folder cannot be deleted: folder contains alert rules')
      store.deleteFolder(second)
      return ok({ message: 'Folder deleted' })
    case 'POST folders':
      if (uid === 'move') {
        store.changeFolder(second, { parent: body.parentUid })
        return folder(store, second)
      }
      if (store.folders.has(body.uid))
        return problem(412, 'the folder has been changed by someone else', { status: 'version-mismatch' })
      store.addFolder(body.uid, body.title, body.parentUid ?? '')
      return folder(store, body.uid)
    case 'POST dashboards':
      return second === 'db' ? save(store, request) : restore(store, request, uid)
    case 'DELETE dashboards': {
      const gone = store.delete(uid)
      if (gone === undefined) return notFound
      const name = title(latest(gone).spec)
      return ok({ title: name, message: `Dashboard ${name} deleted`, uid })
    }
    case 'GET dashboards': {
      const found = second === 'uid' ? store.dashboards.get(uid) : undefined
      if (found === undefined) return notFound
      if (part === '') return dashboard(store, found, writes)
      if (part !== 'versions') return problem(404, 'Not found')
      if (!writes) return forbidden('dashboards:write')
      return number === '' ? versions(store, found, query) : version(store, found, Number(number))
    }
    default:
      return problem(404, 'Not found')
  }
}

function folder(store: Store, uid: string): Answer {
  const found = store.folders.get(uid)
  if (found === undefined) return problem(404, 'folder not found', { status: 'not-found' })
  const { id, title, parent } = found
  return ok({ id, uid, title, version: 1, ...(parent === '' ? {} : { parentUid: parent }) })
}

function dashboard(store: Store, found: Dashboard, writes: boolean): Answer {
  const { spec, generation, folder, by, at, apiVersion } = latest(found)
  const { uid, id } = found
  if (apiVersion.startsWith('v2')) {
    const resource = `/apis/dashboard.grafana.app/${apiVersion}/namespaces/${store.namespace}/dashboards/${uid}`
    return problem(406, `dashboard api version not supported, use ${resource} instead`)
  }
  const within = store.folders.get(folder)
  return ok({
    meta: {
      type: 'db',
      slug: slug(title(spec)),
      url: `/d/${uid}/${slug(title(spec))}`,
      canSave: writes,
      canEdit: writes,
      created: seconds(found.createdAt),
      updated: seconds(at),
      createdBy: store.nameOf(found.createdBy),
      updatedBy: store.nameOf(by),
      version: generation,
      isFolder: false,
      folderId: within?.id ?? 0,
      folderUid: folder,
      folderTitle: within?.title ?? 'General',
      provisioned: false,
    },
    dashboard: { ...spec, id, uid, version: generation },
  })
}

const RESTORED = /^Restored from version (\d+)$/

function meta(store: Store, { uid, id }: Dashboard, { generation, message, by, at, spec }: Revision) {
  return {
    id: generation,
    dashboardId: id,
    uid,
    parentVersion: generation - 1,
    restoredFrom: Number(RESTORED.exec(message)?.[1] ?? 0),
    version: generation,
    created: seconds(at),
    message,
    data: { ...spec, uid, version: generation },
    createdBy: store.nameOf(by),
  }
}

function versions(store: Store, found: Dashboard, query: URLSearchParams): Answer {
  const { items, token } = page(found.revisions.toReversed(), {
    limit: Number(query.get('limit') ?? 0) || 1000,
    most: Infinity,
    token: query.get('continueToken') ?? '',
    resourceVersion: store.resourceVersion,
  })
  const listed = items
    .map((revision) => meta(store, found, revision))
    .map((item) => (item.parentVersion === 0 ? { ...item, message: 'Initial save' } : item))
  return ok({ continueToken: token, versions: listed })
}

function version(store: Store, found: Dashboard, number: number): Answer {
  const revision = found.revisions.findLast(({ generation }) => generation === number)
  if (revision === undefined) return problem(500, `Dashboard version ${number} not found for dashboardId ${found.id}`)
  return ok(meta(store, found, revision))
}

function save(store: Store, { body, account }: Request): Answer {
  const { dashboard: spec, folderUid = '', message = '', overwrite = false } = body
  const { uid } = spec
  const found = store.dashboards.get(uid)
  if (folderUid !== '' && !store.folders.has(folderUid)) return problem(400, 'Folder not found')
  if (found !== undefined && !overwrite && spec.version !== latest(found).generation)
    return problem(412, 'The dashboard has been changed by someone else', { status: 'version-mismatch' })
  const saved = store.save(uid, { spec, apiVersion: 'v1', folder: folderUid, message, by: account })
  const name = title(spec)
  return ok({
    id: saved.id,
    uid,
    slug: slug(name),
    url: `/d/${uid}/${slug(name)}`,
    status: 'success',
    version: latest(saved).generation,
    folderUid,
  })
}

function restore(store: Store, { body, account }: Request, uid: string): Answer {
  const found = store.dashboards.get(uid)
  const wanted = found?.revisions.findLast(({ generation }) => generation === body.version)
  if (found === undefined || wanted === undefined) return notFound
  const { folder } = latest(found)
  const message = `Restored from version ${body.version}`
  const saved = store.save(uid, { ...wanted, folder, message, by: account })
  return ok({ id: saved.id, uid, status: 'success', version: latest(saved).generation })
}
