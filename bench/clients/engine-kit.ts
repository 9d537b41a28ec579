import { openRepository } from '../../protocol/src/index.ts'
import type { Edit, Repository, Snapshot } from '../../protocol/src/index.ts'
import type { Task } from '../scenario.ts'

export interface EngineKit {
  readonly task: Task
  readonly repo: Repository
  /** Folders above the file that is deepest among those written. */
  readonly depth: number
  /** The branch as it is, with the folders of what is to be written: what an edit before would have left. */
  readonly hold: () => Promise<Snapshot>
  /** Stages what the task asks for, commits and pushes; gives the branch as it is then. */
  readonly write: (edit: Edit, put?: Task['put'], old?: Uint8Array) => Promise<Snapshot>
}

const author = { name: 'Bench', email: 'bench@example.com', date: new Date(1_800_000_000_000) }

export function engineKit(task: Task): EngineKit {
  const paths = [...task.put.map(({ path }) => path), ...task.remove]
  const repo = openRepository(task.url)
  const folders = [...new Set(paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))]
  return {
    task,
    repo,
    depth: Math.max(0, ...paths.map((path) => path.split('/').length - 1)),
    hold: async () => repo.read(await repo.snapshot(task.branch), { folders }),
    async write(edit, put = task.put, old?) {
      for (const { path, content } of put) edit.put(path, content, old === undefined ? {} : { old })
      for (const path of task.remove) edit.delete(path)
      await edit.commit({ message: 'Edit\n', author })
      const { snapshot } = await edit.push()
      return snapshot
    },
  }
}
