import { createApiClient } from './api-client.ts'
import type { ApiConnection, ApiDialect } from './api-client.ts'
import type { Forge } from './forge.ts'
import { giteaDialect, giteaForge } from './gitea.ts'
import { githubDialect, githubForge } from './github.ts'
import { gitlabDialect, gitlabForge } from './gitlab.ts'
import type { Place } from './place.ts'

const GITEA = { dialect: giteaDialect, forge: giteaForge }

const IMPLEMENTATIONS = {
  GitHub: { dialect: githubDialect, forge: githubForge },
  GitLab: { dialect: gitlabDialect, forge: gitlabForge },
  Gitea: GITEA,
  Forgejo: GITEA,
}

/** How the host of a place is spoken to: which base its API has. */
export const dialectOf = (place: Place): ApiDialect => IMPLEMENTATIONS[place.type].dialect(place)

/** The pull requests of one repository. No I/O. */
export function openForge(place: Place, connection: ApiConnection): Forge {
  return IMPLEMENTATIONS[place.type].forge(createApiClient(connection, dialectOf(place)), place)
}
