import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { component } from '../components/index.ts'
import { run, startProcess, withFreePorts } from '../process/index.ts'
import { callApi } from './api.ts'
import { appIni } from './app-ini.ts'
import { copyProgram } from './program.ts'
import { serviceUser } from './user.ts'

export interface GiteaRepositoryOptions {
  /** Default false. */
  readonly private?: boolean
  /** Whether it starts with a commit (README.md); default false, an empty repository. */
  readonly autoInit?: boolean
  /** Default main. */
  readonly defaultBranch?: string
}

export interface Gitea {
  /** Base URL, without a final slash. */
  readonly url: string
  /** Administrator, owner of the repositories made here. */
  readonly user: string
  readonly password: string
  /** Access token with all scopes; for Git the password of Basic, whatever the user name. */
  readonly token: string
  /** Makes a repository; gives its URL, without credentials. */
  createRepository(name: string, options?: GiteaRepositoryOptions): Promise<string>
  /**
   * Asks the REST API as the administrator; `path` starts after `/api/v1`. Throws unless the answer is a success; an
   * empty answer gives null.
   */
  api(method: string, path: string, body?: unknown): Promise<unknown>
  /** What the server printed last, for error messages. */
  log(): string
  stop(): Promise<void>
}

/** Starts a Gitea of its own on loopback: SQLite, an administrator, nothing else. Takes a few seconds. */
export async function startGitea(): Promise<Gitea> {
  const found = await component('gitea')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-gitea-'))
  const undo: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 5 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const account = serviceUser()
    const program = account.switches ? await copyProgram(found, join(dir, 'program')) : found
    const data = join(dir, 'data')
    await mkdir(data)
    if (account.switches) {
      await chmod(dir, 0o755)
      await chown(data, account.uid, account.gid)
    }
    const how = {
      cwd: data,
      env: { PATH: process.env['PATH'], HOME: data, USER: account.name, GITEA_WORK_DIR: data, TZ: 'UTC' },
      ...(account.switches ? { uid: account.uid, gid: account.gid } : {}),
    }
    const config = join(dir, 'app.ini')
    const { url, server } = await withFreePorts(1, async ([port = 0]) => {
      const url = `http://127.0.0.1:${port}`
      await writeFile(config, appIni({ port, data, assets: dirname(program), user: account.name }), { mode: 0o644 })
      const server = await startProcess(program, ['web', '--config', config], {
        ...how,
        name: 'gitea',
        readyTimeout: 60_000,
        ready: { probe: async () => (await fetch(`${url}/api/healthz`)).ok },
      })
      return { url, server }
    })
    // Killed at once: an orderly end takes seconds and saves data that nobody wants.
    undo.push(() => server.stop({ grace: 0 }))

    const [user, password] = ['gitsync', randomBytes(12).toString('hex')]
    const admin = async (...args: string[]): Promise<string> =>
      (await run(program, ['admin', 'user', ...args, '--username', user, '--config', config], how)).stdout.toString()
    const mail = ['--email', 'gitsync@example.com']
    await admin('create', '--admin', '--password', password, ...mail, '--must-change-password=false')
    const printed = await admin('generate-access-token', '--token-name', 'test', '--scopes', 'all', '--raw')
    // A slow machine makes Gitea say so, before the token or behind it.
    const token = /^[0-9a-f]{40}$/m.exec(printed)?.[0]
    if (token === undefined) throw new Error(`Gitea printed no token: ${printed}`)
    const api: Gitea['api'] = (method, path, body) => callApi(url, token, method, path, body)
    return {
      url,
      user,
      password,
      token,
      api,
      async createRepository(name, options = {}) {
        await api('POST', '/user/repos', {
          name,
          private: options.private ?? false,
          auto_init: options.autoInit ?? false,
          default_branch: options.defaultBranch ?? 'main',
        })
        return `${url}/${user}/${name}.git`
      },
      log: server.output,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
