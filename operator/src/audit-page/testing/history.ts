import { openRepository } from '@gitsync/protocol'
import { memoryRemote } from '@gitsync/protocol/testing'
import type { MemoryRemote } from '@gitsync/protocol/testing'
import { ReadAllowance } from '../../push/read-allowance.ts'
import type { Clock } from '../../time/clock.ts'
import type { AuditedBranch } from '../audited.ts'

export interface WrittenCommit {
  /** Path → content; null removes it. */
  readonly files: Readonly<Record<string, string | null>>
  readonly message?: string
  readonly author?: string
  /** Seconds since the epoch. */
  readonly time: number
}

/** A repository in memory with a branch `main`. */
export interface WrittenHistory {
  readonly remote: MemoryRemote
  /** Ids, oldest first. */
  readonly ids: readonly string[]
  /** As the operator reaches it. */
  readonly branch: AuditedBranch
  /** Requests since the last look. */
  requests(): number
}

export async function writeHistory(
  commits: readonly WrittenCommit[],
  { clock, key = 'branch' }: { readonly clock: Clock; readonly key?: string },
): Promise<WrittenHistory> {
  const remote = memoryRemote()
  const url = 'https://git.example.com/team/audit.git'
  const repository = openRepository(url, { transport: remote.transport })
  const ids: string[] = []
  await using edit = await repository.edit('main')
  for (const { files, message = 'a change', author = 'Ann', time } of commits) {
    for (const [path, content] of Object.entries(files)) {
      if (content === null) edit.delete(path)
      else edit.put(path, content, { replace: true })
    }
    const email = `${author.toLowerCase()}@example.com`
    const oid = await edit.commit({ message, author: { name: author, email, date: new Date(time * 1000) } })
    if (oid === null) throw new Error('a commit that changes nothing')
    ids.push(oid)
  }
  if (commits.length > 0) await edit.push()
  const allowance = new ReadAllowance(clock)
  let last = remote.requests.length
  return {
    remote,
    ids,
    branch: {
      key,
      url,
      branch: 'main',
      tip: ids.at(-1),
      read: () => ({ repository, allowance }),
      pageOf: (oid) => `https://git.example.com/team/audit/commit/${oid}`,
    },
    requests() {
      const since = remote.requests.length - last
      last = remote.requests.length
      return since
    },
  }
}
