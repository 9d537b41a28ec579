import { expect, test } from 'vitest'
import type { CommitInfo } from '@gitsync/protocol'
import { loggedCommit, sizeOf } from './logged-commit.ts'

test('of names that people choose and of messages no more is kept than anybody reads', () => {
  const long = 'x'.repeat(1 << 20)
  const person = { name: long, email: long, date: new Date(0) }
  const commit = { oid: '1', parents: [], author: person, committer: person, message: long } as unknown as CommitInfo
  const logged = loggedCommit(commit, [])
  const { name, email } = logged.author
  expect([name.length, email.length, logged.message.length]).toEqual([1_001, 1_001, 4_000])
  expect(sizeOf(logged)).toBeGreaterThan(2 * 6_000)
})
