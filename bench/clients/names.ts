import type { ClientName } from '../scenario.ts'

/** In the order of the report's tables. */
export const CLIENT_TITLES: Readonly<Record<ClientName, string>> = {
  engine: 'engine',
  'engine-levels': 'engine, depth not given',
  'git-partial': 'git, partial clone and plumbing',
  'git-shallow': 'git, shallow clone',
  isomorphic: 'isomorphic-git, depth 1 in memory',
  'go-git': 'go-git, depth 1 in memory',
}

export const CLIENTS = Object.keys(CLIENT_TITLES) as readonly ClientName[]
