import type { Credentials } from '@gitsync/protocol'
import type { KubernetesObject } from '../objects/object.ts'
import { secretValues } from '../objects/secret-values.ts'
import { listsHost, parseRepositoryAddress } from '../plan/repository-address.ts'
import type { RepositoryAddress } from '../plan/repository-address.ts'
import { PushFailure } from './failure.ts'
import { parseGitHubApp } from './github-app-keys.ts'
import type { GitHubApp } from './github-app-keys.ts'
import { keySizeProblem } from './key-size.ts'

/** A Secret consents to be sent to a Git host by this label … */
export const CREDENTIAL_LABEL = 'gitsync.dev/credential'
/** … and this annotation: hosts, separated by commas; a name covers every port, `name:port` one. */
const HOSTS_ANNOTATION = 'gitsync.dev/hosts'

/** How to log in over SSH. */
export interface SshLogin {
  /** OpenSSH's or PEM format. */
  readonly privateKey: string
  readonly passphrase?: string
  /** Text in the format of OpenSSH's `known_hosts`. */
  readonly knownHosts: string
}

/** What a Secret holds for one repository. */
export interface SecretCredentials {
  /** For http and https; absent where a client certificate, or nothing but an authority to trust, is all there is. */
  readonly auth?: Credentials
  readonly githubApp?: GitHubApp
  readonly ssh?: SshLogin
  /** PEM of certificate authorities to trust. */
  readonly ca?: string
  /** PEM of certificate and private key. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string }
}

/** The user names that hosts expect beside a token. */
const TOKEN_USER: Readonly<Record<string, string>> = {
  'gitlab.com': 'oauth2',
  'bitbucket.org': 'x-token-auth',
}

/**
 * Takes credentials from a Secret, if it may be used for this URL at all: otherwise whoever may create a GitSync could
 * send anybody's token to a host of their own. Keys are our own, those of Flux, of Argo CD, and of the Secret types
 * `kubernetes.io/basic-auth`, `ssh-auth` and `tls`.
 * @throws PushFailure `SecretNotConsenting`, `InvalidSecret`; never with a value in its message
 */
export function credentialsFor(url: string, secret: KubernetesObject): SecretCredentials {
  const { address, hosts, data } = consenting(url, secret)
  const { name } = secret.metadata
  return address.isSsh ? { ssh: sshLogin(name, data) } : httpLogin(name, address, hosts, data)
}

/**
 * As {@link credentialsFor}, for an API where a token is not given as a password.
 * @throws PushFailure `SecretNotConsenting`, `InvalidSecret`; never with a value in its message
 */
export function apiCredentialsFor(url: string, secret: KubernetesObject): SecretCredentials {
  const { data } = consenting(url, secret)
  const { name } = secret.metadata
  const token = first(data, 'token', 'bearerToken')?.trim()
  const auth = token === undefined ? loginOf(data) : { bearer: token }
  if (auth === undefined) throw withoutLogin(name)
  return { ...tlsOf(name, data), auth }
}

function consenting(
  url: string,
  secret: KubernetesObject,
): { readonly address: RepositoryAddress; readonly hosts: readonly string[]; readonly data: Data } {
  const { name, labels = {}, annotations = {} } = secret.metadata
  const address = parseRepositoryAddress(url)
  if (address === undefined) {
    throw new PushFailure('SecretNotConsenting', `Secret ${name} is for no host: the URL of the repository has none`)
  }
  const hosts = (annotations[HOSTS_ANNOTATION] ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
  const missing: string[] = []
  if (labels[CREDENTIAL_LABEL] !== 'true') missing.push(`lacks the label ${CREDENTIAL_LABEL}: "true"`)
  if (!listsHost(hosts, address))
    missing.push(`does not name ${address.host} in its annotation ${HOSTS_ANNOTATION}${remark(hosts)}`)
  if (missing.length > 0) throw new PushFailure('SecretNotConsenting', `Secret ${name} ${missing.join(' and ')}`)
  return { address, hosts, data: secretValues(secret) }
}

/** What people write there that is no host. */
function remark(hosts: readonly string[]): string {
  return hosts.some((entry) => entry.includes('/')) ? ' (a name, without https:// and path)' : ''
}

type Data = ReadonlyMap<string, string>

function httpLogin(
  secret: string,
  address: RepositoryAddress,
  hosts: readonly string[],
  data: Data,
): SecretCredentials {
  const tls = tlsOf(secret, data)
  const githubApp = parseGitHubApp(secret, { address, hosts, data })
  if (githubApp !== undefined) return { ...tls, githubApp }
  const auth = authOf(address.hostname, data)
  if (auth !== undefined) return { ...tls, auth }
  if (tls.clientCertificate !== undefined) return tls
  throw withoutLogin(secret)
}

const withoutLogin = (secret: string): PushFailure =>
  new PushFailure('InvalidSecret', `Secret ${secret} has neither the key token nor the keys username and password`)

function tlsOf(secret: string, data: Data): Pick<SecretCredentials, 'ca' | 'clientCertificate'> {
  const ca = first(data, 'ca.crt', 'caFile')
  const cert = first(data, 'tls.crt', 'tlsClientCertData', 'certFile')
  const key = first(data, 'tls.key', 'tlsClientCertKey', 'keyFile')
  if ((cert === undefined) !== (key === undefined)) {
    throw new PushFailure('InvalidSecret', `Secret ${secret} has one of the keys tls.crt and tls.key without the other`)
  }
  const problem = key === undefined ? undefined : keySizeProblem(key)
  if (problem !== undefined) throw new PushFailure('InvalidSecret', `Secret ${secret}: tls.key ${problem}`)
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
  }
}

function authOf(hostname: string, data: Data): Credentials | undefined {
  const token = first(data, 'token')?.trim()
  const bearer = first(data, 'bearerToken')?.trim()
  if (token !== undefined && token !== '') {
    if (data.get('bearer')?.trim() === 'true') return { bearer: token }
    return { username: first(data, 'username')?.trim() ?? TOKEN_USER[hostname] ?? 'git', password: token }
  }
  if (bearer !== undefined && bearer !== '') return { bearer }
  return loginOf(data)
}

function loginOf(data: Data): Credentials | undefined {
  const username = first(data, 'username')?.trim()
  const password = data.get('password')?.replace(/\r?\n$/, '')
  return username === undefined || password === undefined ? undefined : { username, password }
}

function sshLogin(secret: string, data: Data): SshLogin {
  const privateKey = first(data, 'identity', 'sshPrivateKey', 'ssh-privatekey')
  if (privateKey === undefined) {
    throw new PushFailure('InvalidSecret', `Secret ${secret} has no key identity with a private key for SSH`)
  }
  const knownHosts = first(data, 'known_hosts')
  if (knownHosts === undefined) {
    throw new PushFailure(
      'InvalidSecret',
      `Secret ${secret} has no key known_hosts: without it anybody could pass for the host (ssh-keyscan prints it)`,
    )
  }
  const passphrase = data.get('password')?.replace(/\r?\n$/, '')
  return {
    // OpenSSH wants the line break at the end that people lose when they paste.
    privateKey: privateKey.endsWith('\n') ? privateKey : `${privateKey}\n`,
    knownHosts: `${knownHosts}\n`,
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  }
}

/** The first of these keys that has a value. */
function first(data: Data, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = data.get(key)
    if (value !== undefined && value.trim() !== '') return value
  }
  return undefined
}
