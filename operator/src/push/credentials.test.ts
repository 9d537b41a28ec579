import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { credentialsFor } from './credentials.ts'
import { PushFailure } from './failure.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

function secret(
  values: Readonly<Record<string, string>>,
  hosts: string | null = 'git.example.com',
  label: string | null = 'true',
) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'git-credentials',
      ...(label === null ? {} : { labels: { 'gitsync.dev/credential': label } }),
      ...(hosts === null ? {} : { annotations: { 'gitsync.dev/hosts': hosts } }),
    },
    data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)])),
  }
}

const TOKEN = { token: 'hunter2-token' }
const URL = 'https://git.example.com/a/b.git'

function refusal(url: string, ...args: Parameters<typeof secret>): PushFailure {
  try {
    credentialsFor(url, secret(...args))
  } catch (error) {
    expect(error).toBeInstanceOf(PushFailure)
    // Nothing of what the Secret holds is told.
    expect(JSON.stringify([String(error), error])).not.toContain('hunter2')
    return error as PushFailure
  }
  throw new Error('was not refused')
}

test.each([
  [URL, 'git.example.com'],
  [URL, 'other.example, git.example.com ,third.example'],
  [URL, 'GIT.Example.com'],
  ['https://GIT.example.com/a', 'git.example.com'],
  ['https://git.example.com:8443/a', 'git.example.com'],
  ['https://git.example.com:8443/a', 'git.example.com:8443'],
  [URL, 'git.example.com:443'],
  ['http://git.example.com/a', 'git.example.com:80'],
  ['https://[2001:db8::1]/a', '[2001:db8::1]'],
])('%s with hosts "%s" may be used', (url, hosts) => {
  expect(credentialsFor(url, secret(TOKEN, hosts)).auth).toEqual({ username: 'git', password: 'hunter2-token' })
})

test.each([
  [URL, 'example.com'],
  [URL, '*.example.com'],
  [URL, 'git.example.com.evil.example'],
  [URL, 'git.example.com:8443'],
  ['https://git.example.com:8443/a', 'git.example.com:443'],
  ['http://git.example.com/a', 'git.example.com:443'],
  ['https://evil.example/git.example.com', 'git.example.com'],
  ['https://git.example.com@evil.example/a', 'git.example.com'],
  [URL, ''],
  [URL, ', ,'],
  [URL, null],
  ['file:///etc/passwd', ''],
  ['file:///etc/passwd', null],
] as const)('%s with hosts "%s" may not', (url, hosts) => {
  expect(refusal(url, TOKEN, hosts).reason).toBe('SecretNotConsenting')
})

test.each([null, 'false', 'True', ''])('the label %s is no consent', (label) => {
  const failure = refusal(URL, TOKEN, 'git.example.com', label)
  expect(failure.reason).toBe('SecretNotConsenting')
  expect(failure.message).toContain('gitsync.dev/credential')
})

test('keys are read as people write them', () => {
  const auth = (values: Readonly<Record<string, string>>, host = 'git.example.com') =>
    credentialsFor(`https://${host}/a/b.git`, secret(values, host)).auth
  expect(auth({ username: 'ann\n', password: 'pass word \n' })).toEqual({ username: 'ann', password: 'pass word ' })
  expect(auth({ token: ' t\n' })).toEqual({ username: 'git', password: 't' })
  expect(auth({ token: 't', username: 'ann' })).toEqual({ username: 'ann', password: 't' })
  expect(auth({ token: 't', bearer: 'true\n' })).toEqual({ bearer: 't' })
  expect(auth({ token: 't' }, 'gitlab.com')).toEqual({ username: 'oauth2', password: 't' })
  expect(auth({ token: 't' }, 'bitbucket.org')).toEqual({ username: 'x-token-auth', password: 't' })
})

test('a certificate authority comes along', () => {
  expect(credentialsFor(URL, secret({ ...TOKEN, 'ca.crt': 'PEM' })).ca).toBe('PEM')
  expect(credentialsFor(URL, secret(TOKEN))).not.toHaveProperty('ca')
})

test.each([
  {},
  { username: 'hunter2' },
  { password: 'hunter2' },
  { token: ' \n' },
  { username: '', password: 'hunter2' },
])('without usable keys it is refused: %j', (values) => {
  expect(refusal(URL, values as Record<string, string>).reason).toBe('InvalidSecret')
})

test('keys of Flux, of Argo CD and of the Secret types of Kubernetes are read', () => {
  const of = (values: Readonly<Record<string, string>>) => credentialsFor(URL, secret(values))
  expect(of({ bearerToken: 't\n' })).toEqual({ auth: { bearer: 't' } })
  expect(of({ url: URL, username: 'a', password: 'p', insecure: 'true' }).auth).toEqual({
    username: 'a',
    password: 'p',
  })
  const pair = { clientCertificate: { cert: 'CERT', key: 'KEY' } }
  expect(of({ 'tls.crt': 'CERT', 'tls.key': 'KEY' })).toEqual(pair)
  expect(of({ tlsClientCertData: 'CERT', tlsClientCertKey: 'KEY', bearerToken: 't' })).toEqual({
    ...pair,
    auth: { bearer: 't' },
  })
  expect(of({ certFile: 'CERT', keyFile: 'KEY', caFile: 'CA' })).toEqual({ ...pair, ca: 'CA' })
  expect(refusal(URL, { 'tls.crt': 'hunter2' }).message).toContain('tls.crt and tls.key')
})

test('an SSH key needs the keys of the hosts, and is for SSH alone', () => {
  const ssh = (values: Readonly<Record<string, string>>) =>
    credentialsFor('git@git.example.com:a/b.git', secret(values))
  const whole = { privateKey: 'KEY\n', knownHosts: 'git.example.com ssh-ed25519 AAAA\n' }
  const known_hosts = 'git.example.com ssh-ed25519 AAAA'
  for (const name of ['identity', 'sshPrivateKey', 'ssh-privatekey']) {
    expect(ssh({ [name]: 'KEY', known_hosts })).toEqual({ ssh: whole })
  }
  expect(ssh({ identity: 'KEY\n', 'identity.pub': 'x', known_hosts, password: 'pass\n' }).ssh?.passphrase).toBe('pass')
  expect(refusal('ssh://git@git.example.com/a', { identity: 'hunter2' }).message).toContain('known_hosts')
  expect(refusal('ssh://git@git.example.com/a', TOKEN).message).toContain('identity')
  expect(refusal('git@evil.example:a', { identity: 'hunter2', known_hosts }).reason).toBe('SecretNotConsenting')
  expect(refusal(URL, { identity: 'hunter2', known_hosts }).reason).toBe('InvalidSecret')
})

describe('a GitHub App', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = {
    githubAppID: '12',
    githubAppInstallationID: '345',
    githubAppPrivateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
  }
  const app = (url: string, values: Readonly<Record<string, string>>, hosts = new globalThis.URL(url).host) =>
    credentialsFor(url, secret({ ...keys, ...values }, hosts)).githubApp

  test.each([
    ['https://github.com/a/b', 'https://api.github.com'],
    ['https://corp.ghe.com/a/b', 'https://api.corp.ghe.com'],
    ['https://git.example.com:8443/a/b', 'https://git.example.com:8443/api/v3'],
  ])('of %s asks %s', (url, apiUrl) => {
    expect(app(url, {})).toMatchObject({ appId: '12', installationId: '345', apiUrl })
  })

  test('asks elsewhere only where the Secret names that host too', () => {
    const elsewhere = { githubAppBaseURL: 'https://api.example.net/v3/' }
    expect(app(URL, elsewhere, 'git.example.com,api.example.net')?.apiUrl).toBe('https://api.example.net/v3')
    const argo = { githubAppEnterpriseBaseUrl: 'https://git.example.com/api/v3' }
    expect(app(URL, argo)?.apiUrl).toBe('https://git.example.com/api/v3')
    expect(refusal(URL, { ...keys, ...elsewhere }).reason).toBe('SecretNotConsenting')
  })

  test.each([
    { githubAppID: '' },
    { githubAppID: '1/../2' },
    { githubAppInstallationID: 'hunter2' },
    { githubAppInstallationID: '1/access' },
    { githubAppPrivateKey: 'hunter2' },
    { githubAppBaseURL: 'file:///etc/passwd' },
    { githubAppBaseURL: 'https://user:hunter2@git.example.com' },
    { githubAppBaseURL: 'git@git.example.com:a' },
  ])('that is not whole is refused: %j', (values) => {
    expect(refusal(URL, { ...keys, ...values }).reason).toBe('InvalidSecret')
  })
})

test('a Secret that lacks label and annotation is told both at once', () => {
  const { reason, message } = refusal(URL, TOKEN, null, null)
  expect(reason).toBe('SecretNotConsenting')
  expect(message).toBe(
    'Secret git-credentials lacks the label gitsync.dev/credential: "true" and does not name git.example.com in its annotation gitsync.dev/hosts',
  )
})

test('a URL where a host is wanted is told as what it is', () => {
  expect(refusal(URL, TOKEN, 'https://git.example.com').message).toBe(
    'Secret git-credentials does not name git.example.com in its annotation gitsync.dev/hosts (a name, without https:// and path)',
  )
})

// Whoever may create a Secret would stop the operator for minutes with each signature.
test('a key is refused that takes long to sign with', () => {
  const key = slowKey()
  expect(refusal(URL, { 'tls.crt': 'CERT', 'tls.key': key }).message).toMatch(/tls\.key has 16383 bits, more than 8192/)
  const app = { githubAppID: '1', githubAppInstallationID: '2' }
  expect(refusal(URL, { ...app, githubAppPrivateKey: key }).message).toMatch(/githubAppPrivateKey has 16383 bits/)
  const long = `${key}${' '.repeat(8_192)}`
  expect(refusal(URL, { ...app, githubAppPrivateKey: long }).message).toMatch(/characters, more than 16384/)
})

/** RSA of numbers that mean nothing, which nobody notices before it signs. */
function slowKey(): string {
  const numbers = [2_048, 3, 2_048, 1_024, 1_024, 1_024, 1_024, 1_024].map((length) => Buffer.alloc(length, 0x41))
  const tagged = (tag: number, value: Buffer): Buffer => {
    const { length } = value
    const long = length < 0x80 ? [] : [0x82, length >> 8]
    return Buffer.concat([Buffer.from([tag, ...long, length & 0xff]), value])
  }
  const der = tagged(0x30, Buffer.concat([Buffer.from([0]), ...numbers].map((number) => tagged(2, number))))
  const lines = der.toString('base64').replaceAll(/.{64}/g, '$&\n')
  return `-----BEGIN RSA PRIVATE KEY-----\n${lines}\n-----END RSA PRIVATE KEY-----\n`
}
