import { expect, test } from 'vitest'
import { readUser } from '../plan/authors/user.ts'
import { stampPatch } from './stamp.ts'
import type { AdmissionRequest } from './stamp.ts'

const STAMP = 'gitsync.dev/changed-by'
const PATH = '/metadata/annotations/gitsync.dev~1changed-by'
const map = (value: string, annotations?: Record<string, string>, resourceVersion = '7') => ({
  kind: 'ConfigMap',
  metadata: { name: 'a', resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
  data: { value },
})
const ask = (more: Partial<AdmissionRequest>) =>
  stampPatch({ uid: 'u', operation: 'UPDATE', userInfo: { username: 'bob' }, ...more }, {})

test('who creates and who changes is stamped, whatever they say themselves', () => {
  expect(ask({ object: map('1') })).toEqual([{ op: 'add', path: '/metadata/annotations', value: { [STAMP]: 'bob@0' } }])
  expect(ask({ object: map('1', { [STAMP]: 'root@9' }) })).toEqual([{ op: 'add', path: PATH, value: 'bob@0' }])
  const before = map('1', { [STAMP]: 'alice@0' })
  expect(ask({ object: map('2', { [STAMP]: 'root@9' }), oldObject: before })).toEqual([
    { op: 'add', path: PATH, value: 'bob@7' },
  ])
  expect(ask({ object: map('1', { [STAMP]: 'alice@0', note: 'x' }), oldObject: before })).toHaveLength(1)
})

test('who changes nothing leaves the stamp, and cannot take it away', () => {
  const before = map('1', { [STAMP]: 'alice@0', note: 'x' })
  expect(ask({ object: before, oldObject: before })).toEqual([])
  const back = [{ op: 'add', path: PATH, value: 'alice@0' }]
  expect(ask({ object: map('1', { note: 'x' }), oldObject: before })).toEqual(back)
  expect(ask({ object: map('1', { note: 'x', [STAMP]: 'root@1' }), oldObject: before })).toEqual(back)
  expect(ask({ object: map('1', { [STAMP]: 'root@1' }), oldObject: map('1') })).toEqual([{ op: 'remove', path: PATH }])
})

test('through a subresource nobody is stamped', () => {
  const before = map('1', { [STAMP]: 'alice@0' })
  expect(ask({ object: { ...before, status: { a: 1 } }, oldObject: before, subResource: 'status' })).toEqual([])
  expect(ask({ object: map('1', { [STAMP]: 'root@1' }), oldObject: before, subResource: 'status' })).toEqual([
    { op: 'add', path: PATH, value: 'alice@0' },
  ])
})

test('whom the identity provider names stands in a second line, which nobody else can write', () => {
  const keys = { email: 'example.com/email', name: 'example.com/name' }
  const stamp = (extra: unknown): unknown => {
    const userInfo = { username: 'bob', extra }
    const [operation] = stampPatch({ uid: 'u', operation: 'CREATE', userInfo, object: map('1', {}) }, keys)
    return operation?.value
  }
  expect(stamp({ 'example.com/email': ['bob@corp.example'], 'example.com/name': ['Bob Builder', 'B.'] })).toBe(
    'bob@0\nBob Builder <bob@corp.example>',
  )
  expect(stamp({ 'example.com/email': ['bob@corp.example'] })).toBe('bob@0\nbob <bob@corp.example>')
  for (const extra of [
    undefined,
    {},
    { 'example.com/name': ['Bob'] },
    { 'example.com/email': [] },
    { 'example.com/email': 'b' },
  ])
    expect(stamp(extra)).toBe('bob@0')
  expect(stamp({ 'example.com/email': ['x>\nroot@9\nRoot <r@corp'] })).toBe('bob@0\nbob <x  root@9 Root  r@corp>')
  // A stamp that is too long to be read would name nobody at all, and thousands of users are remembered.
  const long = 'x'.repeat(200)
  expect(stamp({ 'example.com/email': [long], 'example.com/name': [`${long}x`] })).toBe('bob@0')
  expect(readUser({ username: 'x'.repeat(1_025) }, keys)).toBeUndefined()
})
