import { expect, test } from 'vitest'
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
