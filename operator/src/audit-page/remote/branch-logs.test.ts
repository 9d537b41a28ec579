import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GitError, openRepository, undiciTransport } from '@gitsync/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manualClock } from '../../kube/testing/manual-clock.ts'
import { Budgets } from '../../push/budget/budgets.ts'
import { limitedTransport } from '../../push/budget/limited-transport.ts'
import { ReadAllowance } from '../../push/read-allowance.ts'
import { BranchLogs } from './branch-logs.ts'
import { unexpected } from '../testing/unexpected.ts'

let server: Server
let asked = 0
beforeEach(async () => {
  asked = 0
  // Takes every request, and answers none.
  server = createServer(() => asked++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

test('a host that does not answer whoever looks is not held for one that answers nobody: writers go on', async () => {
  const clock = manualClock()
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const budgets = new Budgets({ clock })
  const budget = budgets.of(host, 'token')
  const allowance = new ReadAllowance(clock, budget)
  const url = `http://${host}/audit.git`
  const transport = allowance.transport(limitedTransport(undiciTransport(), budget, url))
  const repository = openRepository(url, { transport, retry: false })
  const logs = new BranchLogs(clock, unexpected)
  const branch = { key: 'k', url, branch: 'main', read: () => ({ repository, allowance }), pageOf: () => undefined }
  for (let look = 1; look <= 6; look++) {
    const tip = logs.tip({ ...branch, tip: undefined })
    await expect.poll(() => asked, { timeout: 10_000 }).toBe(look)
    clock.advance(30_000)
    await expect(tip).rejects.toMatchObject({ code: 'Timeout' })
  }
  expect(budgets.breakers()).toEqual([{ host, isOpen: false }])
  const history = logs.segment({ ...branch, tip: '1'.repeat(40) }, {})
  await expect.poll(() => asked, { timeout: 10_000 }).toBe(7)
  clock.advance(30_000)
  await expect(history).rejects.toMatchObject({ code: 'Timeout' })
})

test('what is wrong in the operator itself is told to the log, and nothing of it to whoever looks', () => {
  const told: unknown[] = []
  const logs = new BranchLogs(manualClock(), (error) => told.push(error))
  const error = new TypeError('a secret')
  expect(logs.inWords(error)).toBe('it cannot be read now')
  expect(logs.inWords(new GitError('Forbidden', 'a secret', {}))).toBe('it cannot be read now (Forbidden)')
  expect(told).toEqual([error])
})
