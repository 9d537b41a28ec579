import { expect, test } from 'vitest'
import { claimFile, claimId } from './claim.ts'

const claim = { cluster: 'c1', gitsync: 'g1' }

test('a claim is the same bytes each time, and another for another cluster or GitSync', () => {
  expect(claimFile(claim)).toEqual(claimFile({ ...claim }))
  expect(claimFile(claim).equals(claimFile({ ...claim, cluster: 'c2' }))).toBe(false)
  expect(claimFile(claim).equals(claimFile({ ...claim, gitsync: 'g2' }))).toBe(false)
  expect(claimFile({ cluster: 'c1', gitsync: 'g1' }).toString()).toContain('cluster: c1\ngitsync: g1\n')
})

test('whatever is in the file has an id to be taken over by', () => {
  expect(claimId(claimFile(claim))).toMatch(/^[0-9a-f]{16}$/)
  expect(claimId(Buffer.alloc(0))).toMatch(/^[0-9a-f]{16}$/)
  expect(claimId(claimFile(claim))).not.toBe(claimId(claimFile({ ...claim, cluster: 'c2' })))
})
