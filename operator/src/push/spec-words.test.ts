import { openRepository } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import { toFailure } from './failure.ts'
import { inSpecWords } from './spec-words.ts'

test('who has given no credentials is told the field, and not the name of an option', async () => {
  const remote = await startRemote({ auth: { user: 'bot', password: 'secret' } })
  const { url } = await remote.createRepository('audit.git')
  const repository = openRepository(url)
  const failure = toFailure(await repository.head().catch((error: unknown) => error))
  await Promise.all([repository.close(), remote.stop()])
  expect(failure.reason).toBe('AuthenticationFailed')
  expect(failure.message).toMatch(/none were given \(401\): name a Secret in spec\.repository\.secretRef$/)
})

test('a host that takes no push options refuses the push, and the fields that ask for them are named', async () => {
  const remote = await startRemote()
  const { url } = await remote.createRepository('audit.git')
  const repository = openRepository(url)
  const edit = await repository.edit('main')
  edit.put('b.txt', 'b')
  await edit.commit({ message: 'b', author: { name: 'Ann', email: 'ann@example.com', date: new Date(0) } })
  const failure = toFailure(await edit.push({ pushOptions: ['ci.skip'] }).catch((error: unknown) => error))
  await Promise.all([repository.close(), remote.stop()])
  expect([failure.reason, failure.message]).toEqual([
    'PushRejected',
    `${url} takes no push options: leave out spec.push.options, and pullRequest.via: PushOptions`,
  ])
})

test.each([
  ['git.example.com port 22 asks for credentials, and none were given: see ssh.privateKey', 'key identity'],
  ['is signed by an authority that is not trusted here: give the PEM of that authority as ca', 'caBundle'],
  ['wants a client certificate that it trusts: give cert and key (400)', 'tls.crt and tls.key'],
  [
    'is not among the known hosts: check the fingerprint, then add it to ssh.knownHosts or ssh.hostKeys',
    'known_hosts of the Secret',
  ],
])('%s: %s', (message, field) => {
  const words = inSpecWords(message)
  expect(words).toContain(field)
  expect(words).not.toMatch(/\b(?:ssh\.\w+|as ca|cert and key)$/)
})
