import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { run, startProcess, withFreePorts } from '../process/index.ts'
import { siteConfig } from './site-config.ts'

/** An account that may do what every registered user may: read, and push for review. */
export interface GerritAccount {
  readonly name: string
  readonly email: string
  readonly password: string
}

export interface Gerrit {
  /** Base URL, without a final slash. */
  readonly url: string
  readonly administrator: GerritAccount
  readonly bot: GerritAccount
  /** Makes a project whose branch main has an empty commit; gives its URL, without credentials. */
  createProject(name: string): Promise<string>
  /** Asks the REST API as the administrator; `path` starts after `/a`. Throws unless the answer is a success. */
  api(method: string, path: string, body?: unknown): Promise<unknown>
  stop(): Promise<void>
}

/** Starts a Gerrit of its own on loopback, with an administrator and a bot. Takes half a minute. */
export async function startGerrit(): Promise<Gerrit> {
  const program = await component('gerrit')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-gerrit-'))
  const site = join(dir, 'site')
  const env = { PATH: process.env['PATH'], HOME: dir, TZ: 'UTC' }
  const undo: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 5 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const init = ['Init', '--batch', '--no-auto-start', '--dev', '--skip-plugins', '-d', site]
    await run(program, init, { cwd: dir, env, timeout: 120_000 })
    const { url, server } = await withFreePorts(1, async ([port = 0]) => {
      const url = `http://127.0.0.1:${port}`
      for (const [key, value] of siteConfig(url))
        await run('git', ['config', '--file', join(site, 'etc', 'gerrit.config'), key, value], { cwd: dir, env })
      const server = await startProcess(program, ['Daemon', '--headless', '-d', site], {
        cwd: dir,
        env,
        name: 'gerrit',
        readyTimeout: 120_000,
        ready: { probe: async () => (await fetch(`${url}/config/server/version`)).ok },
      })
      return { url, server }
    })
    undo.push(() => server.stop({ grace: 0 }))
    // So does Gerrit name and authenticate the first account of a site for development.
    const administrator = { name: 'admin', email: 'admin@example.com', password: 'secret' }
    const api = (method: string, path: string, body?: unknown): Promise<unknown> =>
      callApi(url, administrator, { method, path, body })
    const bot = { name: 'bot', email: 'bot@example.com', password: randomBytes(12).toString('hex') }
    await api('PUT', `/accounts/${bot.name}`, { email: bot.email, http_password: bot.password })
    return {
      url,
      administrator,
      bot,
      api,
      stop,
      async createProject(name) {
        await api('PUT', `/projects/${encodeURIComponent(name)}`, { create_empty_commit: true, branches: ['main'] })
        return `${url}/a/${name}`
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Before each answer, so that no page can read it. */
const GUARD = ")]}'"

async function callApi(
  url: string,
  { name, password }: GerritAccount,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body?: unknown },
): Promise<unknown> {
  const answer = await fetch(`${url}/a${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Gerrit answers ${answer.status} to ${method} ${path}: ${text.slice(0, 1000)}`)
  return text.startsWith(GUARD) ? (JSON.parse(text.slice(GUARD.length)) as unknown) : null
}
