/**
 * Path from the repository's root.
 * @param folder `.` is the root itself
 * @param below inside the folder
 */
export const pathIn = (folder: string, below: string): string => (folder === '.' ? below : `${folder}/${below}`)
