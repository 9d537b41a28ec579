import type { Credentials } from '@gitsync/protocol'
import type { KubernetesObject } from '../objects/object.ts'
import { PushFailure } from './failure.ts'

/** A Secret consents to be sent to a Git host by this label … */
const CREDENTIAL_LABEL = 'gitsync.dev/credential'
/** … and this annotation: hosts, separated by commas; a name covers every port, `name:port` one. */
const HOSTS_ANNOTATION = 'gitsync.dev/hosts'

/** What a Secret holds for one repository. */
export interface SecretCredentials {
  readonly auth: Credentials
  /** PEM of certificate authorities to trust. */
  readonly ca?: string
}

/** The user names that hosts expect beside a token. */
const TOKEN_USER: Readonly<Record<string, string>> = {
  'gitlab.com': 'oauth2',
  'bitbucket.org': 'x-token-auth',
}

/**
 * Takes credentials from a Secret, if it may be used for this URL at all: otherwise whoever may create a GitSync could
 * send anybody's token to a host of their own.
 * @throws PushFailure `SecretNotConsenting`, `InvalidSecret`; never with a value in its message
 */
export function credentialsFor(url: string, secret: KubernetesObject): SecretCredentials {
  const { name, labels = {}, annotations = {} } = secret.metadata
  const { hostname, host, port, protocol } = new URL(url)
  const hosts = (annotations[HOSTS_ANNOTATION] ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
  const withPort = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host
  const missing: string[] = []
  if (labels[CREDENTIAL_LABEL] !== 'true') missing.push(`lacks the label ${CREDENTIAL_LABEL}: "true"`)
  if (!hosts.includes(hostname) && !hosts.includes(withPort))
    missing.push(`does not name ${host} in its annotation ${HOSTS_ANNOTATION}${remark(hosts)}`)
  if (missing.length > 0) throw new PushFailure('SecretNotConsenting', `Secret ${name} ${missing.join(' and ')}`)
  const data = decode(secret)
  const ca = data.get('ca.crt')
  return { auth: authOf(name, hostname, data), ...(ca === undefined ? {} : { ca }) }
}

/** What people write there that is no host. */
function remark(hosts: readonly string[]): string {
  return hosts.some((entry) => entry.includes('/')) ? ' (a name, without https:// and path)' : ''
}

function authOf(secret: string, hostname: string, data: ReadonlyMap<string, string>): Credentials {
  const token = data.get('token')?.trim()
  const username = data.get('username')?.trim()
  const password = data.get('password')?.replace(/\r?\n$/, '')
  if (token !== undefined && token !== '') {
    if (data.get('bearer')?.trim() === 'true') return { bearer: token }
    return { username: username ?? TOKEN_USER[hostname] ?? 'git', password: token }
  }
  if (username !== undefined && username !== '' && password !== undefined) return { username, password }
  throw new PushFailure(
    'InvalidSecret',
    `Secret ${secret} has neither the key token nor the keys username and password`,
  )
}

function decode(secret: KubernetesObject): Map<string, string> {
  const values = new Map<string, string>()
  const { data, stringData } = secret as { data?: Record<string, unknown>; stringData?: Record<string, unknown> }
  for (const [key, value] of Object.entries(data ?? {})) {
    if (typeof value === 'string') values.set(key, Buffer.from(value, 'base64').toString('utf8'))
  }
  for (const [key, value] of Object.entries(stringData ?? {})) if (typeof value === 'string') values.set(key, value)
  return values
}
