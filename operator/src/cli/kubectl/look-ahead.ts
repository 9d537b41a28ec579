import { progressMeter } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import type { KubernetesObject } from '../../objects/object.ts'
import { isPerAuthor } from '../../plan/author-branch.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Notes } from '../common/notes.ts'
import type { NextCommits } from './next-commits.ts'
import type { GitFlags } from './target.ts'

/** Plans the next push of a GitSync, and hands it to the work together with the repository. */
export async function lookAhead<T>(
  { cluster, object, notes }: { readonly cluster: Cluster; readonly object: KubernetesObject; readonly notes: Notes },
  { flags, io }: { readonly flags: GitFlags; readonly io: Io },
  work: (next: NextCommits, repository: Repository) => Promise<T>,
): Promise<T> {
  // Help, completion and what is wrong with the command line need no engine.
  const [{ resolveGitSync }, { findOverlap, listOthers }, { planNext }, { withGit }, { PushFailure }] =
    await Promise.all([
      import('../common/wanted.ts'),
      import('./find-overlap.ts'),
      import('./next-commits.ts'),
      import('./with-git.ts'),
      import('../../push/failure.ts'),
    ])
  const resolved = await resolveGitSync(object, cluster, notes)
  const { hostProblem, base } = resolved
  const problem = hostProblem ?? (await findOverlap(resolved, await listOthers(resolved, cluster, notes)))
  if (problem !== undefined) throw new PushFailure(problem.reason, problem.message)
  for (const { reason, message } of resolved.run.problems) notes(`${reason}: ${message}`)
  if (resolved.gitsync.spec.suspend) notes('the GitSync is suspended: nothing is written until it is resumed')
  const { branch } = resolved
  const whose = isPerAuthor(branch) ? 'branches of their authors' : 'branch'
  if (base !== undefined) notes(`the commits go to ${whose} ${branch}, and a request asks for them in ${base}`)
  const meter = progressMeter(io)
  return await withGit(cluster, resolved, { flags, io, notes }, async (repository) => {
    const next = await planNext(resolved, { cluster, repository, notes }, (objects) =>
      meter.show(() => `${objects} objects read`),
    ).finally(meter.clear)
    return await work(next, repository)
  })
}
