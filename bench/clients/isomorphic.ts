import git from 'isomorphic-git'
import type { PromiseFsClient } from 'isomorphic-git'
import http from 'isomorphic-git/http/node'
import { runClient } from './client.ts'
import type { Job } from './client.ts'
import { memoryFs } from './memory-fs.ts'

await runClient(({ url, path, content }: Job) => {
  const fs = memoryFs() as unknown as PromiseFsClient
  const dir = '/clone'
  const author = { name: 'Bench', email: 'bench@example.com' }
  return Promise.resolve(async () => {
    await git.clone({ fs, http, dir, url, ref: 'main', singleBranch: true, depth: 1 })
    await fs.promises.writeFile(`${dir}/${path}`, content)
    await git.add({ fs, dir, filepath: path })
    await git.commit({ fs, dir, message: 'Edit', author })
    await git.push({ fs, http, dir, ref: 'main' })
    return undefined
  })
})
