import { ForgeError } from '../../forge/forge-error.ts'
import type { Folder, Grafana } from '../../grafana/grafana.ts'

/** Folders by uid: their titles, outermost first. The top is ''. */
export type FolderTree = ReadonlyMap<string, readonly string[]>

/** Grafana nests folders four deep. */
const MAX_DEPTH = 16
/** A request each. */
const MAX_FOLDERS = 2_000

/**
 * Folders as they are: a request for each.
 * @param root only this one and all below it; default all, and the top
 * @returns undefined where there is no such folder
 * @throws ForgeError as every request
 */
export async function readFolders(
  grafana: Pick<Grafana, 'folder' | 'foldersIn'>,
  root?: string,
): Promise<FolderTree | undefined> {
  const titles = root === undefined ? [] : await titlesOf(grafana, root)
  if (titles === undefined) return undefined
  const tree = new Map<string, readonly string[]>([[root ?? '', titles]])
  // What is added on the way is gone through too. Old releases do not nest, and name the same ones in each.
  for (const [uid, above] of tree) {
    for (const folder of above.length < MAX_DEPTH ? await grafana.foldersIn(uid) : []) {
      if (!tree.has(folder.uid)) tree.set(folder.uid, [...above, folder.title])
    }
    if (tree.size > MAX_FOLDERS) throw new ForgeError('LimitExceeded', `it has more than ${MAX_FOLDERS} folders`)
  }
  return tree
}

async function titlesOf(grafana: Pick<Grafana, 'folder'>, uid: string): Promise<readonly string[] | undefined> {
  const path: Folder[] = []
  let next = uid
  while (next !== '' && path.length < MAX_DEPTH) {
    const folder = await grafana.folder(next)
    // Who may see one may be kept from those above.
    if (folder === undefined) break
    path.unshift(folder)
    next = folder.parent
  }
  return path.length === 0 ? undefined : path.map(({ title }) => title)
}
