import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGerrit } from '../../kit/gerrit/index.ts'
import type { Gerrit } from '../../kit/gerrit/index.ts'
import { git } from '../../kit/remote/git.ts'
import type { GitHost } from './git-host.ts'

export interface GerritHost extends GitHost {
  readonly gerrit: Gerrit
}

/** A real Gerrit, of whose projects the administrator has mirrors; the operator is the bot. */
export async function gerritHost(): Promise<GerritHost> {
  const gerrit = await startGerrit()
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-mirror-'))
  const { administrator, bot } = gerrit
  return {
    gerrit,
    host: new URL(gerrit.url).host,
    credentials: { username: bot.name, password: bot.password },
    async createRepository(name) {
      const url = await gerrit.createProject(name)
      const withLogin = new URL(url)
      withLogin.username = administrator.name
      withLogin.password = administrator.password
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
      await gerrit.stop()
      await rm(scratch, { recursive: true, force: true })
    },
  }
}
