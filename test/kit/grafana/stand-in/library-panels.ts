import type { Answer } from '../ask.ts'
import { ok, problem } from './classic-form.ts'
import type { Panel } from './panel-store.ts'
import type { Request } from './request.ts'
import type { Account, Store } from './store.ts'

const notFound = problem(404, 'library element could not be found')
const exists = problem(400, 'library element with that name or UID already exists')

/** `/api/library-elements`: the panels that several dashboards show. */
export function libraryPanels(store: Store, { method, path, query, body, account }: Request): Answer {
  const [, uid = ''] = path
  const { panels } = store
  const found = panels.panels.get(uid)
  switch (method) {
    case 'GET':
      if (uid === '') return list(store, query)
      return found === undefined ? notFound : ok({ result: shown(store, found) })
    case 'POST': {
      const { uid: wanted, name, folderUid: folder = '', model } = body
      if (panels.panels.has(wanted) || panels.named(name, folder) !== undefined) return exists
      return ok({ result: shown(store, panels.save({ uid: wanted, name, folder, model }, account)) })
    }
    case 'PATCH': {
      if (found === undefined) return notFound
      if (body.version !== found.version) return problem(412, 'the library element has been changed by someone else')
      const { name = found.name, folderUid: folder = found.folder, model = found.model } = body
      return ok({ result: shown(store, panels.save({ name, folder, model }, account, found)) })
    }
    default:
      return panels.panels.delete(uid) ? ok({ message: 'Library element deleted', id: found?.id }) : notFound
  }
}

function list(store: Store, query: URLSearchParams): Answer {
  const [perPage, page] = [Number(query.get('perPage')) || 100, Number(query.get('page')) || 1]
  const all = [...store.panels.panels.values()].sort((a, b) => a.name.localeCompare(b.name))
  const elements = all.slice((page - 1) * perPage, page * perPage).map((panel) => shown(store, panel))
  return ok({ result: { totalCount: all.length, elements, page, perPage } })
}

function shown(store: Store, { id, uid, name, folder, model, version, created, updated, createdBy, updatedBy }: Panel) {
  const within = store.folders.get(folder)
  const person = (account: Account) => ({ id: 1, name: loginOf(store, account), avatarUrl: '/avatar/0' })
  return {
    id,
    orgId: 1,
    folderId: within?.id ?? 0,
    folderUid: folder,
    uid,
    name,
    kind: 1,
    type: model['type'],
    description: model['description'],
    model,
    version,
    meta: {
      folderName: within?.title ?? 'General',
      folderUid: folder,
      connectedDashboards: 0,
      created: seconds(created),
      updated: seconds(updated),
      createdBy: person(createdBy),
      updatedBy: person(updatedBy),
    },
  }
}

const seconds = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z')

/** As they log in today; nobody where they are gone. */
function loginOf({ accounts }: Store, account: Account): string {
  if (!accounts.includes(account)) return ''
  return account.kind === 'user' ? account.name : `sa-${account.name}`
}
