import git from 'isomorphic-git'
import type { PromiseFsClient } from 'isomorphic-git'
import http from 'isomorphic-git/http/node'
import type { Task } from '../scenario.ts'
import { memoryFs } from './memory-fs.ts'

export interface IsomorphicKit {
  readonly task: Task
  readonly git: typeof git
  /** Where the clone is, in memory. */
  readonly at: { readonly fs: PromiseFsClient; readonly dir: string }
  readonly clone: (options?: { readonly depth?: number; readonly noCheckout?: boolean }) => Promise<void>
  /** Writes the task's changes, commits and pushes. */
  readonly write: (put?: Task['put']) => Promise<void>
}

export function isomorphicKit(task: Task): IsomorphicKit {
  const fs = memoryFs() as unknown as PromiseFsClient
  const dir = '/clone'
  const at = { fs, dir }
  return {
    task,
    git,
    at,
    clone: ({ depth = 1, noCheckout = false } = {}) =>
      git.clone({ ...at, http, url: task.url, ref: 'main', singleBranch: true, depth, noCheckout }),
    async write(put = task.put) {
      if (task.branch !== 'main') await git.branch({ ...at, ref: task.branch, checkout: true })
      for (const { path, content } of put) {
        await makeFolders(fs, dir, path)
        await fs.promises.writeFile(`${dir}/${path}`, content)
      }
      // All at once: one by one, each would rewrite the index.
      if (put.length > 0) await git.add({ ...at, filepath: put.map(({ path }) => path) })
      for (const filepath of task.remove) await git.remove({ ...at, filepath })
      await git.commit({ ...at, message: 'Edit', author: { name: 'Bench', email: 'bench@example.com' } })
      await git.push({ ...at, http, ref: task.branch })
    },
  }
}

async function makeFolders(fs: PromiseFsClient, dir: string, path: string): Promise<void> {
  const names = path.split('/').slice(0, -1)
  for (let depth = 1; depth <= names.length; depth++) {
    await fs.promises.mkdir(`${dir}/${names.slice(0, depth).join('/')}`).catch((error: { code?: string }) => {
      if (error.code !== 'EEXIST') throw error as Error
    })
  }
}
