import type { Repository } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { gerrit } from './gerrit.ts'

// A host that lists hundreds of thousands of them must not end the round.
test('the newest patch set is found among as many as a host may list', async () => {
  const count = 300_000
  const refs = Array.from({ length: count }, (_, index) => ({
    name: `refs/changes/07/7/${index + 1}`,
    oid: String(index + 1),
  }))
  const repository = {
    refs: () => Promise.resolve(refs),
    commit: (oid: string) => Promise.resolve({ oid, parents: [], message: '' }),
  } as unknown as Repository
  const seen = await gerrit().look(repository, { number: 7, state: 'Open', branch: 'b' }, undefined)
  expect(seen?.commit.oid).toBe(String(count))
})
