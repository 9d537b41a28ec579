import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { GitServer, httpListener } from '@gitsync/protocol/server'
import type { GitServerOptions } from '@gitsync/protocol/server'
import { git } from '../../kit/remote/git.ts'
import { openStore } from './stores.ts'
import type { OpenedStore, StoreName } from './stores.ts'

/** A server of ours, and folders in which stock git works with it. */
export interface Stand {
  readonly url: string
  readonly folder: string
  /** In a work tree below the folder; each call has no settings but these. */
  readonly git: (tree: string, ...args: string[]) => Promise<string>
  /** A work tree with a commit on main. */
  readonly tree: (name: string, files?: Readonly<Record<string, string>>) => Promise<string>
  readonly commit: (tree: string, files: Readonly<Record<string, string>>, message?: string) => Promise<string>
  readonly server: GitServer
  /** What went wrong inside. */
  readonly errors: unknown[]
  readonly stop: () => Promise<void>
}

/** @param on what: a store of that name, which is empty, or one that somebody has opened */
export async function startStand(on: StoreName | OpenedStore, options: Partial<GitServerOptions> = {}): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-server-'))
  const errors: unknown[] = []
  const { store, close } = typeof on === 'string' ? await openStore(on, join(folder, 'data')) : on
  const server = new GitServer({ store, onError: (error) => errors.push(error), ...options })
  const listener = httpListener(server).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const run = (tree: string, ...args: string[]): Promise<string> => git(join(folder, tree), folder, args)
  const commit: Stand['commit'] = async (tree, files, message = 'change') => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, tree, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    await run(tree, 'add', '-A')
    await run(tree, 'commit', '-q', '--allow-empty', '-m', message)
    return await run(tree, 'rev-parse', 'HEAD')
  }
  return {
    url: `http://127.0.0.1:${port}`,
    folder,
    git: run,
    commit,
    server,
    errors,
    async tree(tree, files = { 'a/b/c': '1', top: 'top' }) {
      await run('.', 'init', '-q', '-b', 'main', tree)
      await commit(tree, files, 'first')
      return tree
    },
    async stop() {
      listener.closeAllConnections()
      listener.close()
      await server.close()
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
