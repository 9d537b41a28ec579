import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GitError } from '../../format/errors.ts'
import { lockFolder } from './folder-lock.ts'
import { ifThere } from './if-there.ts'
import { parseState, printState } from './manifest.ts'
import type { RepositoryName, RepositoryState, RepositoryStore } from './repository-store.ts'
import { StagedFile } from './staged-file.ts'
import { StoredFile } from './stored-file.ts'
import { Turns } from './turns.ts'

export interface FilesystemStore extends RepositoryStore {
  /** Gives the folder back. */
  close(): Promise<void>
}

/**
 * Repositories in a folder, for one process: `names/OWNER/NAME.json` is the state of a repository, `repositories/ID/packs` has what
 * never changes, `staging` what is on its way in. States are replaced by renaming, and written through before.
 * @throws GitError `TargetExists` while another process has the folder
 */
export async function openFilesystemStore(folder: string): Promise<FilesystemStore> {
  const unlock = await lockFolder(folder)
  // Of a process that was killed.
  await rm(join(folder, 'staging'), { recursive: true, force: true })
  const fileOf = (name: RepositoryName): string => join(folder, 'names', `${name}.json`)
  const packOf = (repository: string, pack: string): string => join(folder, 'repositories', repository, 'packs', pack)
  /** One writer at a time for each repository. */
  const turns = new Turns()
  const read = async (name: RepositoryName): Promise<RepositoryState | undefined> => {
    const text = await readFile(fileOf(name), 'utf8').catch(ifThere)
    return text === undefined ? undefined : parseState(text)
  }
  const write = (name: RepositoryName, state: RepositoryState): Promise<void> =>
    replaceFile(fileOf(name), join(folder, 'staging'), printState(state))
  return {
    close: unlock,
    read,
    create: (name, state) =>
      turns.take(name, async () => {
        if ((await read(name)) !== undefined) return false
        await write(name, state)
        return true
      }),
    change: (name, change) =>
      turns.take(name, async () => {
        const state = await read(name)
        const next = state && change(state)
        if (next === undefined) return state
        await write(name, next)
        return next
      }),
    async stage() {
      await mkdir(join(folder, 'staging'), { recursive: true })
      const path = join(folder, 'staging', `${randomUUID()}.pack`)
      return new StagedFile(path, await open(path, 'wx+', 0o600))
    },
    async keep(repository, pack, { id, index }) {
      if (!(pack instanceof StagedFile)) throw new TypeError('a pack is kept where it was staged')
      const path = packOf(repository, id)
      await makeFolder(dirname(path))
      await replaceFile(`${path}.idx`, join(folder, 'staging'), index)
      await pack.sync()
      await pack.moveTo(`${path}.pack`)
      await syncFolder(dirname(path))
    },
    async open(repository, { id, name, size }) {
      const path = packOf(repository, id)
      const index = await readFile(`${path}.idx`).catch(ifThere)
      if (index === undefined)
        throw new GitError('ObjectMissing', `pack ${name} of repository ${repository} is missing`)
      return { file: new StoredFile(size, () => open(`${path}.pack`)), index }
    },
    async remove(repository, pack) {
      for (const kind of ['pack', 'idx']) await rm(`${packOf(repository, pack)}.${kind}`, { force: true })
    },
  }
}

/** Writes a file that is there as a whole or not at all, also after the power went. */
async function replaceFile(path: string, staging: string, content: string | Buffer): Promise<void> {
  await mkdir(staging, { recursive: true })
  await makeFolder(dirname(path))
  const draft = join(staging, randomUUID())
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  await syncFolder(dirname(path))
}

/** A folder that is there also after the power went, and those that it is in. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
