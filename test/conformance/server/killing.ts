import { isGitError, openRepository } from '@gitsync/protocol'
import { expect } from 'vitest'
import { waitFor } from '../../e2e/harness/wait-for.ts'
import { git } from '../../kit/remote/git.ts'
import type { S3Server } from '../../kit/s3/index.ts'
import { serveBucket } from './serving.ts'

const AUTHOR = { name: 'Ann', email: 'ann@example.com' }
const CLIENTS = 4

/**
 * Clients push, each to a branch of its own, while the server is killed and started again, and again. Whatever one was told is taken is
 * in the history of its branch, and a clone is whole.
 * @param folder for the server's cache, and for clones
 */
export async function killWhilePushing(s3: S3Server, folder: string, kills: number): Promise<void> {
  let server = await serveBucket(s3, `${folder}/cache`)
  try {
    const url = `${server.url}/me/killed.git`
    await git(folder, folder, ['init', '-q', '-b', 'main', 'seed'])
    await git(`${folder}/seed`, folder, ['commit', '-q', '--allow-empty', '-m', 'first'])
    const branches = Array.from({ length: CLIENTS }, (_, i) => `client-${i}`)
    await git(`${folder}/seed`, folder, ['push', '-q', url, ...branches.map((name) => `main:refs/heads/${name}`)])
    const told = new Map(branches.map((name) => [name, [] as string[]]))
    const count = (): number => [...told.values()].reduce((sum, { length }) => sum + length, 0)
    let isOver = false
    const work = async (branch: string): Promise<void> => {
      const repository = openRepository(url, { retry: false })
      for (let n = 0; !isOver; n++) {
        try {
          const edit = await repository.edit(branch)
          edit.put('file', `${branch} ${n}\n`.repeat(1 + ((n * 97) % 3_000)))
          await edit.commit({ message: `${n}`, author: { ...AUTHOR, date: new Date() } })
          const { commit } = await edit.push()
          told.get(branch)?.push(commit ?? '')
        } catch (error) {
          // Cut off, or nobody is there yet.
          if (!isGitError(error, 'Network', 'Timeout', 'ServerError')) throw error
        }
      }
    }
    const workers = Promise.all(branches.map(work)).finally(() => {
      isOver = true
    })
    for (let kill = 0; kill < kills && !isOver; kill++) {
      const before = count()
      await waitFor('some pushes are taken', async () => isOver || count() > before + (kill % 5))
      server.kill('SIGKILL')
      await server.exited
      server = await serveBucket(s3, `${folder}/cache`, server.port)
    }
    isOver = true
    await workers
    expect(count()).toBeGreaterThan(kills)
    await git(folder, folder, ['clone', '-q', '--mirror', url, 'after'])
    expect(await git(`${folder}/after`, folder, ['fsck', '--strict', '--full'])).not.toMatch(/error|missing|broken/)
    for (const [branch, commits] of told) {
      const history = (await git(`${folder}/after`, folder, ['rev-list', branch])).split('\n')
      expect(commits.filter((commit) => !history.includes(commit))).toEqual([])
    }
  } finally {
    await server.stop()
  }
}
