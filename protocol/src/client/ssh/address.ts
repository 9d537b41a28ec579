import { GitError } from '../../format/errors.ts'
import { hideUser } from '../remote/hide-user.ts'

/** Where a repository is behind SSH. */
export interface SshAddress {
  readonly user: string
  readonly host: string
  readonly port: number
  /** As the remote command gets it. */
  readonly path: string
}

export const SSH_PORT = 22

/** Git hosts know everybody by this name, and tell people apart by their keys. */
const DEFAULT_USER = 'git'

/** `host:path` or `user@host:path`, a host in brackets for IPv6; what has a slash before the colon is a path. */
const SCP_LIKE = /^(?:([^@:/[\]]+)@)?(\[[^[\]/]+\]|[^@:/[\]]+):(.+)$/s

/**
 * Reads `ssh://[user@]host[:port]/path` and `[user@]host:path` (git-clone, "Git URLs"); undefined for any other address.
 * @throws GitError `InvalidInput` for one that means SSH and cannot be used
 */
export function parseSshAddress(url: string): SshAddress | undefined {
  if (/^(?:git\+ssh|ssh\+git|ssh):\/\//i.test(url)) return fromUrl(url)
  if (url.includes('://')) return undefined
  const [, user, host, path] = SCP_LIKE.exec(url) ?? []
  if (host === undefined || path === undefined) return undefined
  if (user === undefined && /^[^/]*@/.test(path)) {
    throw unusable('the repository URL has no https:// or ssh:// and looks as if it held a password: give that apart')
  }
  return checked({ user: user ?? DEFAULT_USER, host: host.replace(/^\[|\]$/g, ''), port: SSH_PORT, path })
}

/** The host as a URL. */
export function originOf({ host, port }: Pick<SshAddress, 'host' | 'port'>): string {
  return `ssh://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function fromUrl(url: string): SshAddress {
  const parsed = URL.parse(url.replace(/^[^:]+/, 'ssh'))
  if (parsed === null || parsed.hostname === '') {
    throw unusable(`the repository URL must be ssh://[user@]host[:port]/path, not ${JSON.stringify(hideUser(url))}`)
  }
  if (parsed.password !== '') throw unusable('the repository URL must not hold a password: give it as ssh.password')
  if (parsed.search !== '' || parsed.hash !== '') {
    throw unusable('the repository URL must have neither a query nor a fragment')
  }
  const path = decode(parsed.pathname)
  return checked({
    user: parsed.username === '' ? DEFAULT_USER : decode(parsed.username),
    host: decode(parsed.hostname.replace(/^\[|\]$/g, '')),
    port: parsed.port === '' ? SSH_PORT : Number(parsed.port),
    // A folder of a person is named without the slash that parts host and path.
    path: path.startsWith('/~') ? path.slice(1) : path,
  })
}

function checked(address: SshAddress): SshAddress {
  const { user, host, path } = address
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(user + host + path)) throw unusable('the repository URL holds a control character')
  // The command on the other side would take it for an option.
  if (path.startsWith('-')) throw unusable(`the path of a repository must not begin with "-": ${JSON.stringify(path)}`)
  if (path === '/' || path === '') throw unusable('the repository URL has no path')
  return address
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw unusable('the repository URL holds a "%" that begins no percent-encoded character')
  }
}

function unusable(message: string): GitError {
  return new GitError('InvalidInput', message, { field: 'url' })
}
