/** Panels that several dashboards show: https://grafana.com/docs/grafana/latest/developers/http_api/library_element/ */
import { apiPath } from '../forge/api-client.ts'
import type { ApiClient } from '../forge/api-client.ts'
import { Fields } from '../forge/fields.ts'
import { ForgeError, ifFound, isForgeError } from '../forge/forge-error.ts'
import { isRecord } from '../render/tree.ts'
import type { JsonRecord } from '../render/tree.ts'
import { isUid, MAX_NAME, takenFolder, takenTime } from './taken.ts'

export interface LibraryPanel {
  readonly uid: string
  readonly name: string
  /** Uid of its folder; '' at the top. */
  readonly folder: string
  /** As people call the folder; '' at the top. */
  readonly folderTitle: string
  /** Another one whenever it was saved, or was made anew. */
  readonly state: string
  /** Login of who saved it last, as it is today; '' where nobody is known. */
  readonly by: string
  /** When that was, milliseconds since the epoch; undefined where that is not said. */
  readonly savedAt: number | undefined
  /** The panel itself, every number as it is spelt. */
  readonly model: JsonRecord
}

export interface GrafanaLibraryPanels {
  /** All that it lets be seen; each page of 100 is a request. @throws ForgeError */
  libraryPanels(): AsyncIterable<LibraryPanel>
  /** One of them as it is now; undefined where there is none. @throws ForgeError */
  libraryPanel(uid: string): Promise<LibraryPanel | undefined>
}

/** Of elements: others are variables, which no release has. */
const KIND = '1'
const PAGE = 100
/** A GitSync has no more files. */
const MAX_PANELS = 10_000
const RIGHTS = 'library.panels:read'
const PATH = apiPath('api', 'library-elements')

export function libraryPanelsOf(client: ApiClient): GrafanaLibraryPanels {
  return {
    libraryPanels: () => pages(client),
    async libraryPanel(uid) {
      const answer = await ifFound(client.send({ method: 'GET', path: `${PATH}${apiPath(uid)}`, rights: RIGHTS }))
      return answer === undefined ? undefined : panelOf(resultOf(answer))
    },
  }
}

async function* pages(client: ApiClient): AsyncGenerator<LibraryPanel> {
  let size = PAGE
  // By uid: pages move on when somebody adds one meanwhile, and begin anew when they are made smaller.
  const seen = new Set<string>()
  for (let page = 1; ; page++) {
    if ((page - 1) * size > MAX_PANELS) throw tooMany()
    let elements: readonly unknown[]
    try {
      const query = { kind: KIND, perPage: String(size), page: String(page) }
      const answer = await client.send({ method: 'GET', path: PATH, query, rights: RIGHTS })
      elements = new Fields(resultOf(answer), 'library elements').list('elements')
    } catch (error) {
      if (!isForgeError(error, 'LimitExceeded') || size === 1) throw error
      // From the beginning: other sizes have other pages.
      size = Math.ceil(size / 4)
      page = 0
      continue
    }
    for (const element of elements) {
      const panel = panelOf(element)
      if (!isUid(panel.uid) || seen.has(panel.uid)) continue
      seen.add(panel.uid)
      yield panel
    }
    if (elements.length < size) return
  }
}

const tooMany = (): ForgeError => new ForgeError('LimitExceeded', `GET ${PATH}: it lists more than ${MAX_PANELS}`)
const resultOf = (answer: unknown): unknown => (isRecord(answer) ? answer['result'] : undefined)

function panelOf(element: unknown): LibraryPanel {
  const fields = new Fields(element, 'library panel')
  const meta = fields.fields('meta')
  const model = isRecord(element) ? element['model'] : undefined
  if (!isRecord(model)) throw new ForgeError('Malformed', 'library panel.model: an object was expected')
  const by = meta.has('updatedBy') ? meta.fields('updatedBy').text('name') : ''
  return {
    uid: fields.text('uid'),
    name: fields.text('name').slice(0, MAX_NAME),
    folder: takenFolder(fields.text('folderUid')),
    folderTitle: meta.text('folderName').slice(0, MAX_NAME),
    state: JSON.stringify([fields.number('id'), fields.number('version'), meta.text('updated').slice(0, MAX_NAME)]),
    by: by.slice(0, MAX_NAME),
    savedAt: takenTime(meta.text('updated')),
    model,
  }
}
