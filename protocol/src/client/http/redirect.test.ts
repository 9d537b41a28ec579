import { expect, test } from 'vitest'
import { movedBase } from './redirect.ts'
import { redactor } from '../remote/redact.ts'

const tail = '/info/refs?service=git-upload-pack'
const base = 'https://git.example/old.git'
const redact = redactor(['s3cret'])
const moved = (location: string | undefined, from = base): string => movedBase({ base: from, tail, location, redact })

test.each([
  ['another path', `https://git.example/new.git${tail}`, 'https://git.example/new.git'],
  ['a path alone', `/new.git${tail}`, 'https://git.example/new.git'],
  ['a relative path', `../../new.git${tail}`, 'https://git.example/new.git'],
  ['another host', `//other.example/x${tail}`, 'https://other.example/x'],
  ['credentials are left behind', `https://ann:pw@other.example/x${tail}`, 'https://other.example/x'],
  ['a fragment is left behind', `https://other.example/x${tail}#top`, 'https://other.example/x'],
  ['doubled slashes', `https://other.example/x/${tail}`, 'https://other.example/x'],
])('%s is followed', (_what, location, expected) => {
  expect(moved(location)).toBe(expected)
})

test('http may lead to https', () => {
  expect(moved(`https://git.example/x${tail}`, 'http://git.example/x')).toBe('https://git.example/x')
})

test.each([
  ['nowhere', undefined, 'nowhere'],
  ['no URL', 'https://[', 'nowhere'],
  ['down to http', `http://git.example/x${tail}`, 'http://git.example/x/info/refs'],
  ['a file', 'file:///etc/passwd', 'file:…'],
  ['a page to log in', 'https://git.example/login', 'https://git.example/login'],
  ['another service', '/x/info/refs?service=git-receive-pack', 'https://git.example/x/info/refs'],
  ['further parameters', `/x${tail}&token=1`, 'https://git.example/x/info/refs'],
  ['an address with the credentials in it', `https://evil.example/s3cret${tail}`, 'https://evil.example/***/info/refs'],
])('%s is not followed', (_what, location, actual) => {
  expect(() => moved(location)).toThrowError(expect.objectContaining({ code: 'Redirected', details: { actual } }))
})
