import { appendFile, chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRepository } from '@gitsync/protocol'
import type { Repository, RepositoryOptions } from '@gitsync/protocol'
import { startGitea } from '../../../kit/gitea/index.ts'
import { fastImport } from '../../../kit/remote/fast-import.ts'
import { git } from '../../../kit/remote/git.ts'
import { startRemote } from '../../../kit/remote/index.ts'
import type { FileContent, TestRepository } from '../../../kit/remote/index.ts'
import { startSshServer } from '../../../kit/ssh/index.ts'
import { speaking } from '../old-server.ts'
import { scriptedServer } from '../scripted-server.ts'
import { parseRefs, plantSeed } from './seed.ts'
import type { Format, Refs, Seed } from './seed.ts'
import type { ServerKind } from './servers.ts'

/** A repository on a server, for one operation. */
export interface Place extends AsyncDisposable {
  readonly repo: Repository
  readonly seed: Seed
  /** A folder of this machine that does not exist yet. */
  readonly folder: string
  /** Whether hooks can be put into the repository. */
  readonly takesHooks: boolean
  /** Runs git in the repository; where the server keeps it to itself, in a copy as of the last `collect`. */
  readonly git: (...args: string[]) => Promise<string>
  refs(): Promise<Refs>
  /** Brings here what the server has. */
  collect(): Promise<void>
  /** Commits to main as somebody else. */
  foreign(files: Readonly<Record<string, FileContent | null>>): Promise<string>
  /** Has the server keep the options of a push; gives them afterwards. */
  keepPushOptions(): Promise<() => Promise<string>>
  /** How many requests the server has seen, where that can be told. */
  readonly seen: (() => number) | undefined
}

/** `seed` is shared by all that only read; `copy` and `empty` are the operation's own. */
export type PlaceKind = 'seed' | 'copy' | 'empty'

export interface World {
  place(server: ServerKind, kind: PlaceKind): Promise<Place>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-matrix-'))
  // Filters are left to the configuration of each server.
  const remote = await startRemote({ allowFilter: false })
  const [sha1, sha256, ssh, gitea] = await Promise.all([
    plantSeed(remote, 'sha1'),
    plantSeed(remote, 'sha256'),
    startSshServer(),
    startGitea(),
  ])
  const seeds: Readonly<Record<Format, Seed>> = { sha1, sha256 }
  const shared = new Map<string, Promise<Held>>()
  let count = 0

  /** A repository as one server holds it. */
  interface Held {
    readonly dir: string
    /** Where the server has it. */
    readonly url: string
    readonly isElsewhere: boolean
  }

  const call =
    (dir: string) =>
    (args: readonly string[], options?: Parameters<typeof git>[3]): Promise<string> =>
      git(dir, remote.root, args, options)
  const withLogin = (url: string): string => url.replace('://', `://git:${gitea.token}@`)
  await sha1.store.git('push', '--quiet', '--mirror', withLogin(await gitea.createRepository('seed')))

  async function hold(server: ServerKind, source: TestRepository): Promise<Held> {
    const name = `place-${++count}.git`
    const dir = join(remote.root, name)
    await cp(source.dir, dir, { recursive: true, filter: (path) => !path.endsWith('.sample') })
    for (const [key, value] of Object.entries(server.config ?? {})) {
      const [section = '', variable = ''] = key.split('.')
      await appendFile(join(dir, 'config'), `[${section}]\n\t${variable} = ${value}\n`)
    }
    if (server.reach === 'ssh') return { dir, url: ssh.url(dir), isElsewhere: false }
    if (server.reach === 'http') return { dir, url: `${remote.url}/${name}`, isElsewhere: false }
    if (source === seeds.sha1.empty) {
      return { dir, url: await gitea.createRepository(`place-${count}`), isElsewhere: true }
    }
    // A fork is a copy; its owner must be another for each.
    const owner = `owner-${count}`
    await gitea.api('POST', '/orgs', { username: owner })
    await gitea.api('POST', `/repos/${gitea.user}/seed/forks`, { organization: owner, name: 'seed' })
    return { dir, url: `${gitea.url}/${owner}/seed.git`, isElsewhere: true }
  }

  async function place(server: ServerKind, kind: PlaceKind): Promise<Place> {
    const seed = seeds[server.format ?? 'sha1']
    let held = kind === 'seed' ? shared.get(server.name) : undefined
    held ??= hold(server, kind === 'empty' ? seed.empty : seed.store)
    if (kind === 'seed') shared.set(server.name, held)
    const { dir, url, isElsewhere } = await held
    const run = call(dir)
    const scripted =
      server.rule &&
      (await scriptedServer(
        server.rule((...args) => run(args)),
        url,
      ))
    const folder = join(scratch, `folder-${++count}`)
    const userAgent = `git/matrix-${count}`
    const options: RepositoryOptions = {
      userAgent,
      retry: false,
      ...(server.version === undefined ? {} : { transport: speaking(server.version) }),
      ...(server.reach === 'gitea' ? { auth: { username: 'git', password: gitea.token } } : {}),
      ...(server.reach === 'ssh' ? { ssh: { privateKey: ssh.privateKey, knownHosts: ssh.knownHosts } } : {}),
    }
    const repo = openRepository(scripted?.url ?? url, options)
    const seen = (): number =>
      scripted?.asked.length ?? remote.requests.filter(({ headers }) => headers['user-agent'] === userAgent).length
    return {
      repo,
      seed,
      folder,
      takesHooks: !isElsewhere,
      git: (...args) => run(args),
      refs: async () => parseRefs(await run(['for-each-ref', '--format=%(objectname) %(refname)'])),
      async collect() {
        const what = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']
        if (isElsewhere) await run(['fetch', '--quiet', '--prune', '--no-tags', withLogin(url), ...what])
      },
      async foreign(files) {
        const commit = await fastImport(run, files, { branch: 'main' })
        if (isElsewhere) await run(['push', '--quiet', withLogin(url), 'main'])
        return commit
      },
      async keepPushOptions() {
        const hook = join(dir, 'hooks', 'pre-receive')
        await writeFile(hook, '#!/bin/sh\necho "$GIT_PUSH_OPTION_0, $GIT_PUSH_OPTION_1" >push-options\n')
        await chmod(hook, 0o755)
        return () => readFile(join(dir, 'push-options'), 'utf8')
      },
      seen: server.reach === 'http' ? seen : undefined,
      async [Symbol.asyncDispose]() {
        await repo.close()
        await scripted?.[Symbol.asyncDispose]()
        await rm(folder, { recursive: true, force: true })
      },
    }
  }

  return {
    place,
    async stop() {
      await Promise.all([remote.stop(), ssh.stop(), gitea.stop()])
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
