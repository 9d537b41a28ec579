import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitea } from '../../kit/gitea/index.ts'
import type { Gitea } from '../../kit/gitea/index.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, RepositoryOptions, TestRepository } from '../../kit/remote/index.ts'
import { git } from '../../kit/remote/git.ts'

/** What every world's repository can be asked, by the git program and nothing else. */
export type Repository = Pick<TestRepository, 'url' | 'git'>

export interface GitHost {
  /** Name and port, as a Secret's annotation has it. */
  readonly host: string
  /** Keys of the Secret. */
  readonly credentials: Readonly<Record<string, string>>
  createRepository(name: string, options?: RepositoryOptions): Promise<Repository>
  /** HTTP requests that the host has seen; undefined where it does not count them. */
  requestCount(): number | undefined
  stop(): Promise<void>
}

export interface HttpBackendHost extends GitHost {
  readonly remote: Remote
  createRepository(name: string, options?: RepositoryOptions): Promise<TestRepository>
}

/** `git http-backend` with a login; what it refuses is what Git refuses, histories that are rewritten too. */
export async function httpBackendHost(): Promise<HttpBackendHost> {
  const credentials = { username: 'audit-bot', password: 'correct horse battery staple' }
  const remote = await startRemote({ auth: { user: credentials.username, password: credentials.password } })
  return {
    remote,
    host: new URL(remote.url).host,
    credentials,
    createRepository: (name, options = {}) =>
      remote.createRepository(`${name}.git`, {
        ...options,
        config: { 'receive.denyNonFastForwards': 'true', 'receive.fsckObjects': 'true', ...options.config },
      }),
    requestCount: () => remote.requests.length,
    stop: () => remote.stop(),
  }
}

export interface GiteaHost extends GitHost {
  readonly gitea: Gitea
}

/** A real Gitea, looked into through a mirror that is brought up to date before each look. */
export async function giteaHost(): Promise<GiteaHost> {
  const gitea = await startGitea()
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-mirror-'))
  return {
    gitea,
    host: new URL(gitea.url).host,
    credentials: { token: gitea.token },
    async createRepository(name) {
      const url = await gitea.createRepository(name, { private: true })
      const withLogin = new URL(url)
      withLogin.username = gitea.user
      withLogin.password = gitea.token
      const dir = join(scratch, name)
      await git(scratch, scratch, ['clone', '--quiet', '--mirror', withLogin.href, dir])
      return {
        url,
        async git(...args) {
          await git(dir, scratch, ['fetch', '--quiet', '--prune'])
          return await git(dir, scratch, args)
        },
      }
    },
    requestCount: () => undefined,
    async stop() {
      await gitea.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
