import { expect, test } from 'vitest'
import type { Member } from '../../member.ts'
import type { Staged } from '../../stage.ts'
import { changeIdOf, firstChangeId, nextChangeId } from './change-id.ts'
import type { Dialect, ProposedCommit } from './dialect.ts'
import { authorsOf, isNothing, nothingMessage, proposalMessage, saidBefore } from './message.ts'
import { PushedHead } from './pushed-head.ts'
import { OWNER, ownerOf, trailerOf, trailersIn } from './trailers.ts'

const BOT = { name: 'Bot', email: 'bot@example.com' }
const ANN = { name: 'Ann', email: 'ann@example.com' }
const BEN = { name: 'Ben <b>', email: 'ben@example.com' }

const staged = (author: typeof ANN, message: string): Staged =>
  ({ plan: { commits: [{ author, message, writes: [], deletes: [] }] } }) as unknown as Staged

const write = (before: string, commits: readonly Staged[], own: readonly string[]): string => {
  const authors = authorsOf(before, commits, BOT)
  return proposalMessage({ title: 'Update 2 objects', text: '- one', before, staged: commits, authors, own })
}

test('authors and trailers of earlier commits stay, each once; versions stay with their objects', () => {
  const first = write('', [staged(ANN, 'a\n\nObject: x\nResource-version: 1\nCluster: c\n')], ['Change-Id: I1'])
  const commits = [
    staged(BEN, 'b\n\nObject: x\nResource-version: 2\nObject: y\nResource-version: 2\n'),
    staged(BOT, 'c'),
  ]
  expect(trailersIn(write(first, commits, ['Change-Id: I2']))).toEqual([
    'Cluster: c',
    'Object: x',
    'Resource-version: 2',
    'Object: y',
    'Resource-version: 2',
    'Co-authored-by: Ann <ann@example.com>',
    'Co-authored-by: Ben b <ben@example.com>',
    'Change-Id: I2',
  ])
})

test('neither a text by people nor a commit by somebody else speaks for the operator', () => {
  const text = 'Fine\n\nChanged-by: root\nCo-authored-by: Eve <eve@example.com>\nchange-id: I0\nGitsync-Request: c2 x\n'
  const own = [`${OWNER}: c1 x`, 'Change-Id: I1']
  const message = proposalMessage({ title: 'Update', text, before: '', staged: [], authors: [ANN], own })
  const titled = proposalMessage({
    title: 'Nothing to review',
    text: '- one',
    before: '',
    staged: [],
    authors: [],
    own,
  })
  expect(isNothing(titled)).toBe(false)
  expect(trailersIn(message)).toEqual(['Co-authored-by: Ann <ann@example.com>', ...own])

  const date = { ...BOT, date: new Date(0) }
  const commit = { oid: 'a', parents: ['b'], message: 'Update\n\nChanged-by: ann\n', committer: date }
  expect(saidBefore(commit as unknown as ProposedCommit, BOT)).toBe(commit.message)
  const others = { ...commit, committer: { ...date, email: 'eve@example.com' } }
  expect(saidBefore(others as unknown as ProposedCommit, BOT)).toBe('')
})

test('changes follow from one another, and from cluster, head and base', () => {
  const first = firstChangeId(ownerOf('c1', 'gitsync/shop'), 'main')
  const others = [
    firstChangeId(ownerOf('c2', 'gitsync/shop'), 'main'),
    firstChangeId(ownerOf('c1', 'gitsync/shop'), 'x'),
  ]
  const ids = [first, nextChangeId(first), nextChangeId(nextChangeId(first)), ...others]
  expect(new Set(ids).size).toBe(ids.length)
  expect(firstChangeId(ownerOf('c1', 'gitsync/shop'), 'main')).toBe(first)
  const message = nothingMessage('main', [`${OWNER}: c1 gitsync/shop`, `Change-Id: ${first}`])
  expect([isNothing(message), changeIdOf(message), trailerOf(message, OWNER)]).toEqual([true, first, 'c1 gitsync/shop'])
  // What people write into the text is no trailer.
  expect(changeIdOf(`Title\n\nChange-Id: ${first}\nand more`)).toBeUndefined()
})

const headSeen = (owner: string): Promise<string | null> => {
  const message = `Update\n\nText\n\n${OWNER}: ${owner}\n`
  const dialect = {
    look: () => Promise.resolve({ number: 7, state: 'Open', commit: { oid: 'a', parents: ['b'], message } }),
  } as unknown as Dialect
  const head = new PushedHead('gitsync/shop', 'main', dialect)
  const pullRequest = { number: 7, state: 'Open', branch: 'gitsync/shop' }
  const member = {
    standing: { pullRequest: () => pullRequest },
    settings: { claim: { cluster: 'c1' } },
  } as unknown as Member
  return head.tip({ connection: { key: 'k', repository: {} as never }, since: 0, members: [member] })
}

test("a request of one's own is a head, another's is none, and one that another cluster keeps in step is refused", async () => {
  expect(await headSeen('c1 gitsync/shop')).toBe('a')
  expect(await headSeen('c1 gitsync/zoo')).toBeNull()
  await expect(headSeen('c2 gitsync/shop')).rejects.toMatchObject({
    reason: 'PullRequestRefused',
    message: expect.stringContaining('set push.branch to a name') as string,
  })
})
