import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { S3Store } from '@gitsync/protocol/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStand } from '../conformance/server/fixture.ts'
import type { Stand } from '../conformance/server/fixture.ts'
import { killWhilePushing } from '../conformance/server/killing.ts'
import { racePushes, raceStockGit, raceStores } from '../conformance/server/racing.ts'
import { serveBucket } from '../conformance/server/serving.ts'
import { stockGit } from '../conformance/server/stock-git.ts'
import { storeContract } from '../conformance/server/store-contract.ts'
import { openBucket } from '../conformance/server/stores.ts'
import { startS3 } from '../kit/s3/index.ts'
import type { S3Server, S3ServerName } from '../kit/s3/index.ts'

/** Rounds in which 20 clients push at once: `S3_ROUNDS`, default 1,000; with stock git a twentieth of that. */
const ROUNDS = Number(process.env['S3_ROUNDS'] ?? 1_000)
/** How often a server is killed: `S3_KILLS`, default 100. */
const KILLS = Number(process.env['S3_KILLS'] ?? 100)
/** Rounds on one repository: nothing packs it anew, and what is measured is not how slow a thousand packs are. */
const ROUNDS_EACH = 50
const CLIENTS = 20
/** Stores that write one state at once: with many more, who loses 20 times gives up. */
const WRITERS = 8

describe('minio', () => {
  storeContract('minio')
  stockGit('minio')
})

let stand: Stand
beforeAll(async () => {
  stand = await startStand('memory')
})
afterAll(() => stand.stop())

async function withStores<T>(s3: S3Server, work: (stores: readonly S3Store[]) => Promise<T>): Promise<T> {
  const stores: S3Store[] = []
  try {
    for (let i = 0; i < WRITERS; i++) stores.push(await openBucket(s3, join(stand.folder, `store-${i}`)))
    return await work(stores)
  } finally {
    for (const store of stores) await store.close()
  }
}

async function raceOn(name: S3ServerName): Promise<Awaited<ReturnType<typeof raceStores>>[]> {
  const s3 = await startS3(name)
  try {
    return await withStores(s3, async (stores) => {
      const rounds = []
      for (let round = 0; round < 10; round++) rounds.push(await raceStores(stores))
      return rounds
    })
  } finally {
    await s3.stop()
  }
}

test.each(['versitygw', 'minio'] as const)('%s holds to conditions, however many write at once', async (name) => {
  for (const round of await raceOn(name)) expect(round).toEqual({ made: 1, lost: 0 })
})

test('the same race finds a server that does not: s3s-fs looks first and writes then', async () => {
  expect((await raceOn('s3s-fs')).filter(({ made, lost }) => made > 1 || lost > 0)).not.toEqual([])
})

test.each(['versitygw', 'minio'] as const)(
  '%s: of many who push to one branch one is taken, round by round',
  async (name) => {
    const s3 = await startS3(name)
    const servers = await Promise.all(['a', 'b'].map((one) => serveBucket(s3, join(stand.folder, `${name}-${one}`))))
    try {
      const tree = await stand.tree(`seed-of-${name}`)
      const seeded = async (repository: string): Promise<string[]> => {
        const urls = servers.map(({ url }) => `${url}/me/${repository}.git`)
        await stand.git(tree, 'push', '-q', urls[0] ?? '', 'main')
        return urls
      }
      for (let done = 0; done < ROUNDS; done += ROUNDS_EACH)
        await racePushes(await seeded(`raced-${done}`), {
          clients: CLIENTS,
          rounds: Math.min(ROUNDS_EACH, ROUNDS - done),
        })
      if (name === 'versitygw')
        await raceStockGit(stand, await seeded('stock'), { clients: CLIENTS, rounds: Math.ceil(ROUNDS / 20) })
    } finally {
      for (const server of servers) await server.stop()
      await s3.stop()
    }
  },
)

test('a server that is killed again and again has lost none of the pushes that it took', async () => {
  const s3 = await startS3()
  const folder = join(stand.folder, 'killed')
  await mkdir(folder)
  try {
    await killWhilePushing(s3, folder, KILLS)
  } finally {
    await s3.stop()
  }
})
