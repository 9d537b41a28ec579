import { expect, test } from 'vitest'
import { readMapping } from './mapping.ts'

test('keys and lines name users', () => {
  const lines = '# people\nalice@idp.example = Alice Doe <alice@corp.example>\n\noidc:b o b = Bob <bob@corp.example>\n'
  expect([...readMapping({ carol: 'Carol Ä. <carol@corp.example>\n', 'users.txt': lines }).people]).toEqual([
    ['carol', { name: 'Carol Ä.', email: 'carol@corp.example' }],
    ['alice@idp.example', { name: 'Alice Doe', email: 'alice@corp.example' }],
    ['oidc:b o b', { name: 'Bob', email: 'bob@corp.example' }],
  ])
})

test('what is wrong is named by its place, without what stands there', () => {
  expect(readMapping({ carol: 'secret' }).problem).toBe('key carol is not of the form Name <address>')
  expect(readMapping({ carol: 'a\nb <c@d>' }).problem).toContain('key carol')
  expect(readMapping({ carol: 'C <c d>' }).problem).toContain('key carol')
  expect(readMapping({ 'users.txt': '#\nalice Alice <a@b>' }).problem).toBe(
    'users.txt, line 2 is not of the form USER = Name <address>',
  )
  expect(readMapping({ 'users.txt': ' = Alice <a@b>' }).problem).toContain('users.txt, line 1')
})

// Whoever may write the ConfigMap would stop the operator: of 100,000 characters for days.
test('long texts that are no names take no time', { timeout: 5_000 }, () => {
  const long = `${'a'.repeat(50_000)}${' '.repeat(50_000)}`
  expect(readMapping({ carol: `${long}.` }).problem).toContain('key carol')
  expect(readMapping({ 'users.txt': `a${long}.` }).problem).toContain('users.txt, line 1')
  expect(readMapping({ 'users.txt': `${long} = ${long}.` }).problem).toContain('users.txt, line 1')
})
