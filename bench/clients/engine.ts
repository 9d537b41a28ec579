import { openRepository } from '../../protocol/src/index.ts'
import type { Repository, Snapshot } from '../../protocol/src/index.ts'
import { runClient } from './client.ts'
import type { Job } from './client.ts'

const author = { name: 'Bench', email: 'bench@example.com', date: new Date(1_700_000_000_000) }

async function put(repository: Repository, base: Snapshot, path: string, content: string): Promise<Snapshot> {
  const edit = await repository.edit('main', { base })
  edit.put(path, content)
  await edit.commit({ message: 'Edit\n', author })
  const { snapshot } = await edit.push()
  return snapshot
}

const depthOf = (path: string): number => path.split('/').length - 1

/** Modes: `levels`, `one-fetch`, `warm`, `foreign` (warm, and the branch has moved meanwhile). */
await runClient(async ({ url, path, content, mode }: Job) => {
  const repository = openRepository(url)
  if (mode === 'levels') {
    return async () => void (await put(repository, await repository.snapshot('main'), path, content))
  }
  if (mode === 'one-fetch') {
    return async () =>
      void (await put(repository, await repository.snapshot('main', { depth: depthOf(path) }), path, content))
  }
  const warm = await put(repository, await repository.snapshot('main'), path, 'before\n')
  if (mode === 'warm') return async () => void (await put(repository, warm, path, content))
  return async () => {
    try {
      await put(repository, warm, path, content)
    } catch (error) {
      const { actual } = (error as { details: { actual: string } }).details
      await put(repository, await repository.advance(warm, actual), path, content)
    }
  }
})
