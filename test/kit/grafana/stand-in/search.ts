import type { Answer } from '../ask.ts'
import { ok, problem, slug, title } from './classic-form.ts'
import { latest } from './store.ts'
import type { Spec, Store } from './store.ts'

const tags = (spec: Spec): readonly string[] => (spec['tags'] as readonly string[] | undefined) ?? []

/** `/api/search`: folders and dashboards by what the query says, in pages. */
export function search(store: Store, query: URLSearchParams): Answer {
  const limit = Number(query.get('limit') ?? 1000)
  if (limit > 5000)
    return problem(422, 'Limit is above maximum allowed (5000), use page parameter to access hits beyond limit')
  const wanted = new Set([
    ...query.getAll('folderUIDs').map((uid) => (uid === 'general' ? '' : uid)),
    ...query.getAll('folderIds').map((id) => [...store.folders.values()].find((f) => f.id === Number(id))?.uid ?? ''),
  ])
  const hits = [
    ...[...store.folders.values()].map(({ uid, id, title, parent }) => ({
      hit: {
        id,
        uid,
        title,
        uri: `db/${slug(title)}`,
        url: `/dashboards/f/${uid}/${slug(title)}`,
        type: 'dash-folder',
        tags: [] as readonly string[],
      },
      parent,
    })),
    ...[...store.dashboards.values()].map((found) => {
      const { spec, folder } = latest(found)
      const { uid, id } = found
      const name = title(spec)
      return {
        hit: {
          id,
          uid,
          title: name,
          uri: `db/${slug(name)}`,
          url: `/d/${uid}/${slug(name)}`,
          type: 'dash-db',
          tags: tags(spec),
        },
        parent: folder,
      }
    }),
  ]
    .filter(({ hit, parent }) => {
      const type = query.get('type')
      const names = query.getAll('dashboardUIDs')
      return (
        (type === null || type === hit.type) &&
        (wanted.size === 0 || wanted.has(parent)) &&
        (names.length === 0 || names.includes(hit.uid)) &&
        query.getAll('tag').every((tag) => hit.tags.includes(tag))
      )
    })
    .sort((a, b) => a.hit.title.localeCompare(b.hit.title))
  const from = (Math.max(Number(query.get('page') ?? 1), 1) - 1) * limit
  return ok(
    hits.slice(from, from + limit).map(({ hit, parent }) => {
      const within = store.folders.get(parent)
      return {
        ...hit,
        isStarred: false,
        sortMeta: 0,
        ...(within === undefined ? {} : { folderId: within.id, folderUid: within.uid, folderTitle: within.title }),
      }
    }),
  )
}

/** `/api/folders`: those directly in a folder. */
export function folders(store: Store, query: URLSearchParams): Answer {
  const [parent, limit, number] = [
    query.get('parentUid') ?? '',
    Number(query.get('limit') ?? 1000),
    Number(query.get('page') ?? 1),
  ]
  const found = [...store.folders.values()].filter((folder) => folder.parent === parent)
  const shown = found.slice((number - 1) * limit, number * limit)
  return ok(shown.map(({ id, uid, title }) => ({ id, uid, title, ...(parent === '' ? {} : { parentUid: parent }) })))
}
