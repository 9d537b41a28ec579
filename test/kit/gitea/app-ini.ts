import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface AppIniOptions {
  readonly port: number
  /** Folder for everything that it writes. */
  readonly data: string
  /** Folder of the program, which may hold templates, options and public. */
  readonly assets: string
  /** Name of the user that it runs as. */
  readonly user: string
}

/**
 * Configuration of a Gitea that needs no set-up page, reaches nobody and writes only below its data folder.
 *
 * Source: docs.gitea.com, configuration cheat sheet.
 */
export function appIni({ port, data, assets, user }: AppIniOptions): string {
  const secret = (): string => randomBytes(32).toString('base64url')
  const sections: Record<string, Record<string, string | number | boolean>> = {
    '': { APP_NAME: 'test', RUN_USER: user, RUN_MODE: 'prod', WORK_PATH: data },
    server: {
      PROTOCOL: 'http',
      HTTP_ADDR: '127.0.0.1',
      HTTP_PORT: port,
      ROOT_URL: `http://127.0.0.1:${port}/`,
      APP_DATA_PATH: join(data, 'app'),
      // A program built with its assets inside has no such folder beside it.
      ...(existsSync(join(assets, 'templates')) ? { STATIC_ROOT_PATH: assets } : {}),
      DISABLE_SSH: true,
      OFFLINE_MODE: true,
      LFS_START_SERVER: false,
    },
    database: { DB_TYPE: 'sqlite3', PATH: join(data, 'gitea.db'), SQLITE_JOURNAL_MODE: 'WAL' },
    repository: { ROOT: join(data, 'repositories'), DEFAULT_BRANCH: 'main' },
    security: {
      INSTALL_LOCK: true,
      SECRET_KEY: secret(),
      INTERNAL_TOKEN: secret(),
      // The cheapest hash: a login with a password is checked at each request.
      PASSWORD_HASH_ALGO: 'pbkdf2$1$50',
      MIN_PASSWORD_LENGTH: 6,
    },
    oauth2: { ENABLED: false, JWT_SECRET: secret() },
    service: { DISABLE_REGISTRATION: true, ENABLE_CAPTCHA: false, DEFAULT_KEEP_EMAIL_PRIVATE: false },
    webhook: { ALLOWED_HOST_LIST: 'loopback' },
    log: { MODE: 'console', LEVEL: 'Warn', ROOT_PATH: join(data, 'log') },
    actions: { ENABLED: false },
    packages: { ENABLED: false },
    indexer: { ISSUE_INDEXER_TYPE: 'db' },
    picture: { DISABLE_GRAVATAR: true },
    session: { PROVIDER: 'memory' },
    cron: { ENABLED: false },
    'cron.update_checker': { ENABLED: false },
  }
  const render = ([name, values]: [string, Record<string, string | number | boolean>]): string => {
    const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}\n`)
    return (name === '' ? '' : `\n[${name}]\n`) + lines.join('')
  }
  return Object.entries(sections).map(render).join('')
}
