import { expect, test } from 'vitest'
import { SHA1, SHA256 } from '../format/object-id.ts'
import type { Remote } from './remote/remote.ts'
import { Session } from './session.ts'

const session = (): Session => new Session({ url: 'https://git.example/x' } as Remote, { oneFetchBytes: 1 })
const short = 'a'.repeat(40)
const long = 'a'.repeat(64)

test('the hash function is learned from the server: an id that a caller gives changes nothing', () => {
  const fresh = session()
  expect([fresh.formatOf(long), fresh.formatOf(short)]).toEqual([SHA256, SHA1])
  expect([fresh.learnedFormat, fresh.format]).toEqual([undefined, SHA1])
  fresh.learn(SHA256)
  expect([fresh.learnedFormat, fresh.format]).toEqual([SHA256, SHA256])
})

test('once it is known, ids of another length are refused by name', () => {
  const known = session()
  known.learn(SHA1)
  expect(known.formatOf(short)).toBe(SHA1)
  expect(() => known.formatOf(long, 'new')).toThrowError(
    expect.objectContaining({ code: 'InvalidInput', details: { field: 'new', actual: long, expected: 40 } }),
  )
})

test('under another signal it is the same server: what either learns, both know', () => {
  const remote: Partial<Remote> = { url: 'https://git.example/x', with: () => other as Remote }
  const other: Partial<Remote> = { url: 'https://git.example/x' }
  const first = new Session(remote as Remote, { oneFetchBytes: 1 })
  const second = first.with(new AbortController().signal)
  expect(second.remote).toBe(other)
  second.learn(SHA256)
  second.learned.thinPacks = false
  expect([first.format, first.learned.thinPacks]).toEqual([SHA256, false])
})

test('a server is old when it is known to be', () => {
  const fresh = session()
  expect(fresh.isOld).toBe(false)
  for (const version of [0, 1, 2] as const) {
    fresh.learned.advertisement = { version, capabilities: new Map() }
    expect(fresh.isOld).toBe(version < 2)
  }
})
