import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { component } from '../components/index.ts'
import { ProcessError, startProcess, withFreePorts } from '../process/index.ts'
import type { RunningProcess } from '../process/index.ts'
import { callsOf } from './ask.ts'
import type { Calls, Login, Role, Token } from './ask.ts'
import { settings } from './settings.ts'

export type { Credentials, Login, Role, Token } from './ask.ts'
export { startGrafanaStandIn } from './stand-in/index.ts'

export interface Grafana extends Calls {
  /** Base URL, without a final slash. */
  readonly url: string
  /** May do everything in its organisation, the first. */
  readonly administrator: Login
  /** Makes a service account with that role and gives its token. */
  serviceAccount(name: string, role: Role): Promise<Token>
  /** Makes a person with that role. */
  user(name: string, role: Role): Promise<Login>
  /** Gives a person another name. */
  renameUser(name: string, to: string): Promise<void>
  deleteUser(name: string): Promise<void>
  /** Keeps the newest versions of a dashboard alone: by itself Grafana does so for 20, every ten minutes. */
  keepVersions(uid: string, count: number): Promise<void>
  /** What the server printed last, for error messages. */
  log(): string
  stop(): Promise<void>
}

export interface GrafanaOptions {
  /** Provisioning of dashboards, as in `provisioning/dashboards/*.yaml`; default none. */
  readonly providers?: string
}

export interface RealGrafana extends Grafana {
  /** Puts a file of alert rules where Grafana reads them, and has it do so. */
  provisionAlertRules(name: string, text: string): Promise<void>
}

/** Starts a Grafana of its own on loopback: SQLite, an administrator, nothing else. Takes some seconds. */
export async function startGrafana({ providers }: GrafanaOptions = {}): Promise<RealGrafana> {
  const program = await component('grafana')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-grafana-'))
  const undo: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 5 })]
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  const secret = (): string => randomBytes(12).toString('hex')
  try {
    const password = secret()
    const data = join(dir, 'data')
    const provision = async (kind: string, name: string, text: string): Promise<void> => {
      await mkdir(join(data, 'provisioning', kind), { recursive: true })
      await writeFile(join(data, 'provisioning', kind, name), text)
    }
    await mkdir(data)
    if (providers !== undefined) await provision('dashboards', 'git.yaml', providers)
    const config = join(dir, 'grafana.ini')
    const begin = (): Promise<{ readonly url: string; readonly server: RunningProcess }> =>
      withFreePorts(1, async ([port = 0]) => {
        const url = `http://127.0.0.1:${port}`
        await writeFile(config, settings({ port, data, password }), { mode: 0o600 })
        const server = await startProcess(program, ['server', '--homepath', dirname(program), '--config', config], {
          cwd: data,
          env: { PATH: process.env['PATH'], HOME: data, TZ: 'UTC' },
          name: 'grafana',
          readyTimeout: 120_000,
          ready: { probe: async () => (await fetch(`${url}/api/health`)).ok },
        })
        return { url, server }
      })
    const { url, server } = await begin().catch((error: unknown) => {
      // Two of its own parts make the first organisation, and the slower one ends the process.
      if (error instanceof ProcessError && error.output.includes('UNIQUE constraint failed: org.id')) return begin()
      throw error
    })
    // Killed at once: nobody wants its data.
    undo.push(() => server.stop({ grace: 0 }))
    const administrator: Login = { name: 'admin', password }
    const calls = callsOf(url, administrator)
    const idOf = async (name: string): Promise<number> =>
      (await calls.api('GET', `/api/users/lookup?loginOrEmail=${name}`)).id
    return {
      url,
      administrator,
      ...calls,
      async serviceAccount(name, role) {
        const { id } = await calls.api('POST', '/api/serviceaccounts', { name, role })
        const { key } = await calls.api('POST', `/api/serviceaccounts/${id}/tokens`, { name })
        return { token: key }
      },
      async user(name, role) {
        const password = secret()
        const { id } = await calls.api('POST', '/api/admin/users', { name, login: name, password })
        await calls.api('PATCH', `/api/org/users/${id}`, { role })
        return { name, password }
      },
      async renameUser(name, to) {
        await calls.api('PUT', `/api/users/${await idOf(name)}`, { login: to })
      },
      async deleteUser(name) {
        await calls.api('DELETE', `/api/admin/users/${await idOf(name)}`)
      },
      async keepVersions(uid, count) {
        const { dashboard } = await calls.api('GET', `/api/dashboards/uid/${uid}`)
        const database = new DatabaseSync(join(data, 'grafana.db'), { timeout: 5_000 })
        const old = `SELECT id FROM dashboard_version WHERE dashboard_id = ? ORDER BY version DESC LIMIT -1 OFFSET ?`
        database.prepare(`DELETE FROM dashboard_version WHERE id IN (${old})`).run(dashboard.id, count)
        database.close()
      },
      async provisionAlertRules(name, text) {
        await provision('alerting', name, text)
        await calls.api('POST', '/api/admin/provisioning/alerting/reload')
      },
      log: server.output,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
