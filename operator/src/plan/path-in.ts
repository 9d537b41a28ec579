/**
 * Path from the repository's root.
 * @param folder `.` is the root itself
 * @param below inside the folder
 */
export const pathIn = (folder: string, below: string): string => (folder === '.' ? below : `${folder}/${below}`)

/** The inverse of {@link pathIn}; undefined for what is not inside the folder. */
export function pathBelow(folder: string, path: string): string | undefined {
  if (folder === '.') return path
  return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined
}
