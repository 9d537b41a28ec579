import type { ObjectIdentity } from '../objects/object.ts'

const FILE_GROUP = 'git.gitsync.dev'

/** A file as such, whatever it holds. No API server serves this kind. */
export const fileIdentity = (path: string): ObjectIdentity => ({ group: FILE_GROUP, kind: 'File', name: path })

export const isFile = ({ group, kind }: ObjectIdentity): boolean => group === FILE_GROUP && kind === 'File'
