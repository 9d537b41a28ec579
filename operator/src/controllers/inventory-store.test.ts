import { expect, test } from 'vitest'
import type { GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { PushFailure } from '../push/failure.ts'
import { Inventory } from '../plan/inventory.ts'
import { inventoryStore } from './inventory-store.ts'
import { dashboardIdentity } from './known-resources.ts'

const GITSYNC = {
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'shop', namespace: 'shop', uid: 'u' },
} as unknown as GitSync
const LOCATION = { url: 'https://git.example.com/a/b.git', branch: 'main', path: '.' }

/** A store, and what was sent to the API server. */
function storeAt() {
  const sent: unknown[] = []
  const client: Partial<KubeClient> = { mergePatch: async (...args) => (sent.push(args), GITSYNC) }
  return { store: inventoryStore(client as KubeClient, GITSYNC, LOCATION), sent }
}

function inventoryOf(dashboards: number): Inventory {
  const inventory = new Inventory()
  for (let i = 0; i < dashboards; i++) {
    const path = `dashboards/team-${i % 50}/service-${i}-latency-and-errors.json`
    inventory.add([path])
    inventory.own(path, dashboardIdentity('shop', `all/service-${i}/latency.json`))
  }
  return inventory
}

test('what fits into no ConfigMap is not sent, and it is said what it is', async () => {
  const { store, sent } = storeAt()
  await store.save(inventoryOf(8_000))
  expect(sent).toHaveLength(1)
  const failure = await store.save(inventoryOf(15_000)).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(PushFailure)
  expect(failure).toMatchObject({
    reason: 'LimitExceeded',
    message: expect.stringMatching(/^the paths of 15000 files, 15000 of them of Dashboards, have \d+ bytes, more than/),
  })
  expect(sent).toHaveLength(1)
})
