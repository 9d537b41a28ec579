import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Store } from '@gitsync/protocol/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startS3 } from '../../kit/s3/index.ts'
import type { S3Server } from '../../kit/s3/index.ts'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'
import { killWhilePushing } from './killing.ts'
import { racePushes, raceStockGit, raceStores } from './racing.ts'
import { serveBucket } from './serving.ts'
import { openBucket } from './stores.ts'

let s3: S3Server
let stand: Stand
beforeAll(async () => {
  s3 = await startS3()
  stand = await startStand('memory')
})
afterAll(async () => {
  await stand.stop()
  await s3.stop()
})

test('of many processes that make a repository at once one does; of what they write to it nothing is lost', async () => {
  const stores: S3Store[] = []
  for (let i = 0; i < 8; i++) stores.push(await openBucket(s3, join(stand.folder, `store-${i}`)))
  for (let round = 0; round < 5; round++) expect(await raceStores(stores)).toEqual({ made: 1, lost: 0 })
  for (const store of stores) await store.close()
})

test('of many who push to one branch, by two processes, one is taken in each round', async () => {
  const servers = await Promise.all(['a', 'b'].map((name) => serveBucket(s3, join(stand.folder, name))))
  try {
    const urls = servers.map(({ url }) => `${url}/me/raced.git`)
    const tree = await stand.tree('seed-of-race')
    await stand.git(tree, 'push', '-q', urls[0] ?? '', 'main')
    await racePushes(urls, { clients: 20, rounds: 5 })
    const stock = servers.map(({ url }) => `${url}/me/stock.git`)
    await stand.git(tree, 'push', '-q', stock[0] ?? '', 'main')
    await raceStockGit(stand, stock, { clients: 4, rounds: 2 })
  } finally {
    for (const server of servers) await server.stop()
  }
}, 180_000)

test('a server that is killed in the middle of pushes has lost none that it took', async () => {
  const folder = join(stand.folder, 'killed')
  await mkdir(folder)
  await killWhilePushing(s3, folder, 3)
}, 180_000)
