import { Mode } from '@gitsync/protocol'
import type { Edit } from '@gitsync/protocol'

/** Stages what the repository has at some path of some branch; a folder is left as it is in the edit. */
export function putEntry(
  edit: Edit,
  path: string,
  { oid, mode }: { readonly oid: string; readonly mode: number },
): void {
  if (mode === Mode.gitlink) edit.putSubmodule(path, oid, { replace: true })
  else if (mode !== Mode.tree) edit.putExisting(path, oid, { mode, replace: true })
}
