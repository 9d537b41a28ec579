/** Where a repository is, in one spelling. */
export interface RepositoryAddress {
  /** As a URL: `git@Git.Example.com:team/a.git` is `ssh://git@git.example.com/team/a.git`. */
  readonly url: string
  readonly isSsh: boolean
  /** In lower case, numbers of IPv4 written out, IPv6 in brackets, without the dot that ends a full name. */
  readonly hostname: string
  /** With the port, unless it is the scheme's own. */
  readonly host: string
  readonly port: number
}

/** `user@host:path`, a host in brackets for IPv6 (git-clone, "Git URLs"). */
const SCP_LIKE = /^([A-Za-z0-9._-]+)@(\[[0-9A-Fa-f:.]+\]|[^@:/[\]]+):([^:].*)$/s
const SSH = /^ssh:\/\/(?:([A-Za-z0-9._-]+)@)?(\[[0-9A-Fa-f:.]+\]|[^@:/[\]]+)(?::(\d{1,5}))?\/(.+)$/s

const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ssh:': 22 }

/**
 * Reads the address of a repository; undefined for one that cannot be used. Everything that is decided about a host is decided
 * about this one spelling, and this one is given to what connects: two readers that differ would let a host pass for another.
 */
export function parseRepositoryAddress(text: string): RepositoryAddress | undefined {
  const scp = SCP_LIKE.exec(text)
  const ssh = scp === null ? SSH.exec(text) : [scp[0], scp[1], scp[2], undefined, scp[3]]
  if (ssh === null) return /^https?:\/\//i.test(text) ? fromHttp(text) : undefined
  const [, user = 'git', name = '', port, path = ''] = ssh
  const hostname = canonicalHost(name)
  const number = port === undefined ? 22 : Number(port)
  if (hostname === undefined || number < 1 || number > 65_535 || path.startsWith('-')) return undefined
  const host = number === 22 ? hostname : `${hostname}:${number}`
  return { url: `ssh://${user}@${host}/${path.replace(/^\/+/, '')}`, isSsh: true, hostname, host, port: number }
}

function fromHttp(text: string): RepositoryAddress | undefined {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') return undefined
  const { port, protocol } = url
  const hostname = url.hostname.replace(/\.$/, '')
  const host = port === '' ? hostname : `${hostname}:${port}`
  return { url: text, isSsh: false, hostname, host, port: port === '' ? (PORTS[protocol] ?? 0) : Number(port) }
}

/** As the host of an http URL is read: that knows all spellings of an address. */
function canonicalHost(name: string): string | undefined {
  const hostname = URL.parse(`http://${name}/`)?.hostname
  return hostname === '' ? undefined : hostname?.replace(/\.$/, '')
}

/** {@link parseRepositoryAddress} of what was checked before. @throws TypeError */
export function repositoryAddress(text: string): RepositoryAddress {
  const address = parseRepositoryAddress(text)
  if (address === undefined) throw new TypeError('not the address of a repository')
  return address
}

/** Whether a list of hosts names this one: a name covers every port, `name:port` one. */
export function listsHost(hosts: readonly string[], { hostname, port }: RepositoryAddress): boolean {
  return hosts.includes(hostname) || hosts.includes(`${hostname}:${port}`)
}
