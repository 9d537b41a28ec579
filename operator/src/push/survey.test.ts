import { GitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { Holdings } from '../plan/holdings.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'
import { learn } from './survey.ts'

const files = ['a', 'b', 'large', 'c', 'd'].map((oid) => ({ path: `${oid}.yaml`, oid }))

function refusing(limit: string, isRefused: (oids: readonly string[]) => boolean): FolderView {
  const blobs = (oids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> =>
    isRefused(oids)
      ? Promise.reject(new GitError('LimitExceeded', 'too much', { limit }))
      : Promise.resolve(new Map(oids.map((oid) => [oid, Buffer.from('x: 1\n')])))
  return { blobs } as unknown as FolderView
}

test('what is too much to be held at once is read in parts, and a file that is too large is known as unreadable', async () => {
  const member = { holdings: new Holdings(), settings: {} } as unknown as Member
  await learn(
    member,
    refusing('maxObjectBytes', (oids) => oids.includes('large')),
    files,
  )
  const unreadable = files.filter((file) => member.holdings.readingOf(file)?.documents === null)
  expect(unreadable.map(({ oid }) => oid)).toEqual(['large'])
  expect(files.every((file) => member.holdings.readingOf(file) !== undefined)).toBe(true)

  const other = { holdings: new Holdings(), settings: {} } as unknown as Member
  await learn(
    other,
    refusing('maxHeldBytes', (oids) => oids.length > 2),
    files,
  )
  expect(files.every((file) => other.holdings.readingOf(file)?.documents?.length === 1)).toBe(true)
})

test('another limit is no reason to ask again', async () => {
  const member = { holdings: new Holdings(), settings: {} } as unknown as Member
  const folder = refusing('bytes.perHour', () => true)
  await expect(learn(member, folder, files)).rejects.toThrow('too much')
})
