import { Mode } from '@gitsync/protocol'
import type { Repository, Snapshot } from '@gitsync/protocol'
import { CLAIM_FILE } from '../../../plan/compare.ts'
import { pathIn } from '../../../plan/path-in.ts'
import type { Member } from '../../member.ts'
import type { AuthorHeads } from './heads.ts'
import { putEntry } from './put-entry.ts'

export interface Composing {
  readonly repository: Repository
  readonly members: readonly Member[]
  /** With the members' folders read. */
  readonly base: Snapshot
  /** Loaded. */
  readonly heads: AuthorHeads
}

/** The base with what all heads have changed. Costs no request: nothing is read of the files but their ids. */
export async function composeHeads({ repository, members, base, heads }: Composing): Promise<Snapshot> {
  const trees = new Map([...heads.all.values()].flatMap((head) => [...head.trees]))
  const from = base.at({ ref: heads.ref, tip: null }).withTrees(new Map([...trees, ...base.trees]))
  await using edit = await repository.edit(heads.ref, { base: from, writing: 'memory' })
  for (const head of heads.all.values()) {
    for (const { path, oid, mode = Mode.file } of (
      await heads.changesOf(head, base, { repository, members })
    ).values()) {
      if (oid === undefined) edit.delete(path, { ifExists: true })
      else putEntry(edit, path, { oid, mode })
    }
    for (const { settings } of members) {
      const path = pathIn(settings.path, CLAIM_FILE)
      const entry = head.entry(path)
      if (entry !== null && entry !== 'unread') putEntry(edit, path, entry)
    }
  }
  const nobody = { name: 'nobody', email: 'nobody@invalid', date: new Date(0) }
  await edit.commit({ message: 'all heads\n', author: nobody, allowEmpty: true })
  return (await edit.push({ dryRun: true })).snapshot.at(heads.place(base))
}
