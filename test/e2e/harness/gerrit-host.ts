import { startGerrit } from '../../kit/gerrit/index.ts'
import type { Gerrit } from '../../kit/gerrit/index.ts'
import type { GitHost } from './git-host.ts'
import { createMirrors } from './mirrors.ts'

export interface GerritHost extends GitHost {
  readonly gerrit: Gerrit
}

/** A real Gerrit, whose projects the administrator looks into; the operator is the bot. */
export async function gerritHost(): Promise<GerritHost> {
  const gerrit = await startGerrit()
  const mirrors = await createMirrors()
  const { administrator, bot } = gerrit
  return {
    gerrit,
    host: new URL(gerrit.url).host,
    credentials: { username: bot.name, password: bot.password },
    createRepository: async (name) => mirrors.of(await gerrit.createProject(name), administrator),
    requestCount: () => undefined,
    async stop() {
      await gerrit.stop()
      await mirrors.remove()
    },
  }
}
