import { pageHostOf, typeOfHost } from '../api/known-hosts.ts'
import { ForgeError } from './forge-error.ts'

const FORGE_TYPES = ['GitHub', 'GitLab', 'Gitea', 'Forgejo'] as const
type ForgeType = (typeof FORGE_TYPES)[number]

/** Where a repository is, taken from its URL. */
export interface Place {
  readonly type: ForgeType
  readonly origin: string
  /** Name, and port if there is one. */
  readonly host: string
  /** Path before the owner, as of a Gitea below `/git`; '' at the root. */
  readonly prefix: string
  /** With groups, on GitLab: `group/subgroup`. */
  readonly owner: string
  readonly name: string
}

/**
 * Which API has the pull requests of a repository. Hosts are not tried out: a request with a token goes to the API that
 * somebody has named, or to one that everybody knows.
 * @param type `type` of the GitProvider
 * @throws ForgeError `InvalidInput`
 */
export function placeOf(url: string, type: string | undefined): Place {
  const { protocol, hostname, pathname, ...parsed } = partsOf(url)
  // Pages and APIs of a host that is reached over SSH are at its usual address.
  const isSsh = protocol === 'ssh:'
  const host = isSsh ? pageHostOf(hostname) : parsed.host
  const origin = isSsh ? `https://${host}` : parsed.origin
  const builtIn = typeOfHost(hostname)
  const known = [type, builtIn].map((runs) => FORGE_TYPES.find((candidate) => candidate === runs)).find(Boolean)
  if (type === 'Gerrit') {
    throw new ForgeError(
      'InvalidInput',
      `${host}: Gerrit takes changes by pushes: set push.pullRequest.via to PushOptions`,
    )
  }
  if (known === undefined) {
    const problem =
      type === undefined && builtIn === 'Generic'
        ? 'no GitProvider says what it runs'
        : `pull requests of type ${type ?? builtIn} are not supported`
    throw new ForgeError(
      'InvalidInput',
      `${host}: ${problem}: set spec.type of a GitProvider that lists the host to one of ${FORGE_TYPES.join(', ')}, or to Gerrit with push.pullRequest.via: PushOptions`,
    )
  }
  const parts = pathname
    .replace(/\.git\/?$/i, '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodePart)
  const name = parts.pop()
  if (name === undefined || parts.length === 0) {
    throw new ForgeError('InvalidInput', `${url}: pull requests need a URL that ends with OWNER/REPOSITORY`)
  }
  if (known === 'GitLab') return { type: known, origin, host, prefix: '', owner: parts.join('/'), name }
  const owner = parts.pop() ?? ''
  return { type: known, origin, host, prefix: parts.map((part) => `/${part}`).join(''), owner, name }
}

function partsOf(url: string): Pick<URL, 'protocol' | 'host' | 'hostname' | 'origin' | 'pathname'> {
  const { protocol, host, hostname, origin, pathname } = new URL(url)
  return { protocol, host, hostname, origin, pathname }
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
