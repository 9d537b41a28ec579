import { expect, test } from 'vitest'
import { gitSyncStatusSchema } from '../api/gitsync.ts'
import type { Member } from '../push/member.ts'
import { requestsBefore, toldRequests } from './pull-requests.ts'

const request = (branch: string, state = 'Open') => ({ branch, state, number: 1 })

test.each([
  ['review/{author}', ['review/ann', 'review/ben']],
  ['review/ann', ['review/ann']],
  ['gitsync/shop', []],
  ['main', []],
])('of the requests of another branch than %s the status is not believed', (branch, known) => {
  const pullRequests = [request('review/ann'), request('review/ben'), request('review/cat', 'Draft')]
  expect(requestsBefore({ pullRequests }, branch).map((each) => each.branch)).toEqual(known)
})

const told = (branches: readonly string[], authorBranches?: string) => {
  const review = { authorBranches }
  const pullRequests = branches.map((branch) => request(branch))
  return toldRequests({ status: { pullRequests }, settings: { review } } as unknown as Member)
}

test('where requests are not of authors, or there is none, the former ones are told no more', () => {
  expect(told([], 'review/{author}')).toEqual({ pullRequest: undefined, pullRequests: undefined })
  expect(told(['one'])).toEqual({ pullRequest: request('one'), pullRequests: undefined })
})

test('as many requests are told as the API server takes', () => {
  const { pullRequests } = told(
    Array.from({ length: 300 }, (_, i) => `review/a${i}`),
    'review/{author}',
  )
  expect(gitSyncStatusSchema.shape.pullRequests.safeParse(pullRequests).success).toBe(true)
  expect(pullRequests?.at(-1)?.branch).toBe('review/a299')
})
