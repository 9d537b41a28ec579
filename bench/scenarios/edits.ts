import { contentOf } from '../layout.ts'
import type { Layout } from '../layout.ts'
import type { Scenario } from '../scenario.ts'
import { COLD_WRITE } from './write.ts'

/** No file of the repository has this number. */
const FRESH = 1_000_000
const fileOf = ({ files, hot }: Layout): number => files.indexOf(hot)

export const create: Scenario = {
  name: 'create',
  title: 'Create one file, cold',
  note: 'A file of 24 KB, four folders deep; the client knows the URL and the branch only.',
  core: true,
  task: ({ fourDeep }) => ({ put: [{ path: `${fourDeep}/new.json`, content: contentOf(FRESH, 0) }] }),
  clients: COLD_WRITE,
}

export const update: Scenario = {
  name: 'update',
  title: 'Update one file, cold',
  note: 'The old content is not needed, and not fetched by clients that can do without.',
  task: (layout) => ({ put: [{ path: layout.hot, content: contentOf(fileOf(layout), FRESH) }] }),
  clients: COLD_WRITE,
}

export const remove: Scenario = {
  name: 'delete',
  title: 'Delete one file, cold',
  task: ({ hot }) => ({ remove: [hot] }),
  clients: COLD_WRITE,
}
