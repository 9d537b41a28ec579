import { startGitea } from '../../kit/gitea/index.ts'
import type { Gitea } from '../../kit/gitea/index.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, RepositoryOptions, TestRepository } from '../../kit/remote/index.ts'
import { createMirrors } from './mirrors.ts'

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

/** A real Gitea. */
export async function giteaHost(): Promise<GiteaHost> {
  const gitea = await startGitea()
  const mirrors = await createMirrors()
  const login = { name: gitea.user, password: gitea.token }
  return {
    gitea,
    host: new URL(gitea.url).host,
    credentials: { token: gitea.token },
    createRepository: async (name) => mirrors.of(await gitea.createRepository(name, { private: true }), login),
    requestCount: () => undefined,
    async stop() {
      await gitea.stop()
      await mirrors.remove()
    },
  }
}
