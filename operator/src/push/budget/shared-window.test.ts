import { expect, test } from 'vitest'
import { connectSharedWindow } from './shared-window.ts'

// Whoever writes GitSyncs chooses hosts and credentials, and each of them has a budget.
test('the keys of new budgets are made while everything else goes on', async () => {
  const window = await connectSharedWindow('redis://127.0.0.1:1')
  const startedAt = performance.now()
  const taken = Array.from({ length: 20 }, (_, index) => window.take(`host${index} token`, []).catch(() => undefined))
  const inTheWay = performance.now() - startedAt
  await Promise.all(taken)
  await window.close()
  expect(inTheWay).toBeLessThan((performance.now() - startedAt) / 4)
})
