import { LIBRARY_PANELS_TEMPLATE, shortHash } from '../../dashboard/dashboard-path.ts'
import { libraryPanelFile } from '../../dashboard/library-panel-file.ts'
import type { LibraryPanel } from '../../grafana/library-panels.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import type { Made } from '../../push/object-changes.ts'
import { CHANGED } from './look.ts'
import type { StateContent, StateKind } from './states-look.ts'

const PREFIX = 'library-panels/'

/** Library panels: each is a file that Grafana's API takes again. */
export function libraryPanels(
  { path = LIBRARY_PANELS_TEMPLATE }: { readonly path?: string | undefined },
  nameLogin: (login: string) => NamedAuthor | undefined,
): StateKind {
  const savedBy = ({ by: login, savedAt: time }: LibraryPanel): Made => {
    const named = nameLogin(login)
    if (named === undefined) return { ...CHANGED, time }
    return { author: named.person, time, origin: { by: named.by, via: 'Grafana' } }
  }
  const uidOf = (key: string): string => key.slice(PREFIX.length)
  return {
    prefix: PREFIX,
    words: { field: 'spec.source.grafana.libraryPanels', many: 'library panels' },
    template: path,
    async *list(grafana) {
      for await (const panel of grafana.libraryPanels()) {
        const { uid, name, folder, folderTitle, state } = panel
        yield {
          key: `${PREFIX}${uid}`,
          // The folder is in the file.
          state: JSON.stringify([state, name, folder]),
          folder,
          folderTitle: folder === '' ? '' : folderTitle || folder,
          by: savedBy(panel),
          content: contentOf(panel),
        }
      }
    },
    folderOf: async (grafana, key) => (await grafana.libraryPanel(uidOf(key)))?.folder,
    async read(grafana, key) {
      const panel = await grafana.libraryPanel(uidOf(key))
      return panel && contentOf(panel)
    },
  }
}

const contentOf = (panel: LibraryPanel): StateContent => ({
  variables: { name: panel.name, uid: panel.uid },
  fallback: /[a-z0-9]/i.test(panel.uid) ? panel.uid : `panel-${shortHash(panel.uid)}`,
  make: () => ({ bytes: libraryPanelFile(panel), title: panel.name, uid: undefined }),
})
