import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { listsHost, parseRepositoryAddress } from '../plan/repository-address.ts'
import type { RepositoryAddress } from '../plan/repository-address.ts'
import { PushFailure } from './failure.ts'
import { keySizeProblem } from './key-size.ts'

/** One installation of a GitHub App. */
export interface GitHubApp {
  readonly appId: string
  readonly installationId: string
  readonly privateKey: KeyObject
  /** Of the REST API, without a slash at the end. */
  readonly apiUrl: string
}

const APP_ID = /^[A-Za-z0-9._-]{1,64}$/
const INSTALLATION_ID = /^\d{1,20}$/

/**
 * Reads `githubAppID`, `githubAppInstallationID`, `githubAppPrivateKey` and `githubAppBaseURL` (Flux; Argo CD names the last
 * `githubAppEnterpriseBaseUrl`). Undefined where there is no App.
 * @throws PushFailure `InvalidSecret`; `SecretNotConsenting` for an API on a host that the Secret does not name
 */
export function parseGitHubApp(
  secret: string,
  {
    address,
    hosts,
    data,
  }: {
    readonly address: RepositoryAddress
    /** That the Secret may be sent to. */
    readonly hosts: readonly string[]
    readonly data: ReadonlyMap<string, string>
  },
): GitHubApp | undefined {
  const appId = data.get('githubAppID')?.trim()
  const installationId = data.get('githubAppInstallationID')?.trim()
  const pem = data.get('githubAppPrivateKey')
  if (appId === undefined && installationId === undefined && pem === undefined) return undefined
  const invalid = (key: string, problem: string): PushFailure =>
    new PushFailure('InvalidSecret', `Secret ${secret}: ${key} ${problem}`)
  if (appId === undefined || !APP_ID.test(appId)) throw invalid('githubAppID', 'must be the id of a GitHub App')
  if (installationId === undefined || !INSTALLATION_ID.test(installationId)) {
    throw invalid('githubAppInstallationID', 'must be the number of an installation of the App')
  }
  const given = (data.get('githubAppBaseURL') ?? data.get('githubAppEnterpriseBaseUrl'))?.trim()
  const apiUrl = (given === undefined || given === '' ? defaultApi(address) : given).replace(/\/+$/, '')
  const api = /^https?:\/\//i.test(apiUrl) && !/[?#@]/.test(apiUrl) ? parseRepositoryAddress(apiUrl) : undefined
  if (api === undefined) throw invalid('githubAppBaseURL', 'must be a URL such as https://git.example.com/api/v3')
  const isDerived = api.hostname === address.hostname || api.hostname === new URL(defaultApi(address)).hostname
  if (!isDerived && !listsHost(hosts, api)) {
    throw new PushFailure(
      'SecretNotConsenting',
      `Secret ${secret} does not name ${api.host}, the host of githubAppBaseURL, in its annotation gitsync.dev/hosts`,
    )
  }
  return { appId, installationId, privateKey: readKey(pem, invalid), apiUrl }
}

function readKey(pem: string | undefined, invalid: (key: string, problem: string) => PushFailure): KeyObject {
  const problem = keySizeProblem(pem ?? '')
  if (problem !== undefined) throw invalid('githubAppPrivateKey', problem)
  try {
    const key = createPrivateKey(pem ?? '')
    if (key.asymmetricKeyType === 'rsa') return key
  } catch {
    // What is wrong with it could show parts of it.
  }
  throw invalid('githubAppPrivateKey', 'must be an RSA private key (PEM), as GitHub gives it')
}

/** Of github.com, of GitHub Enterprise Cloud with data residency, and of GitHub Enterprise Server. */
function defaultApi({ hostname, host }: RepositoryAddress): string {
  if (hostname === 'github.com') return 'https://api.github.com'
  return hostname.endsWith('.ghe.com') ? `https://api.${hostname}` : `https://${host}/api/v3`
}
