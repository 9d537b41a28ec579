import { readFileSync } from 'node:fs'
import { isGitError } from '@gitsync/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Left, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'
import { SERVERS } from './servers.ts'
import type { ServerKind } from './servers.ts'
import { PAGE, page, readTable, writeTable } from './table.ts'
import type { Cell } from './table.ts'
import { startWorld } from './world.ts'
import type { Place, World } from './world.ts'

/** With `UPDATE_MATRIX=1` the table is written, behind all that is measured, instead of being compared with. */
const isUpdate = process.env['UPDATE_MATRIX'] === '1'
const table = readTable()
const found = new Map<string, Map<string, Cell>>()
let world: World | undefined

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world?.stop())

// Some servers take their time, others the processor: side by side they take less of both.
describe.concurrent.each(OPERATIONS)('$name', (operation) => {
  test.each(SERVERS)('$name', async (server) => {
    const cell = await measure(server, operation)
    const row = found.get(operation.name) ?? new Map<string, Cell>()
    found.set(operation.name, row.set(server.name, cell))
    if (!isUpdate) expect(cell).toBe(table[operation.name]?.[server.name])
  })
})

async function measure(server: ServerKind, operation: Operation): Promise<Cell> {
  if (world === undefined) throw new Error('the servers have not been started')
  await using place = await world.place(server, operation.on)
  let left: Left | void = undefined
  let code: string | undefined
  try {
    left = await operation.run(place)
  } catch (error) {
    if (!isGitError(error)) throw error
    code = error.code
  }
  const { requests } = place.repo.traffic
  if (place.seen !== undefined) expect(place.seen()).toBe(requests)
  if (operation.on !== 'seed') {
    const unchanged = operation.on === 'empty' ? new Map<string, string>() : new Map(place.seed.refs)
    await inspect(place, left ?? { refs: unchanged })
  }
  return code ?? (left?.deceived === true ? 'deceived' : requests)
}

async function inspect(place: Place, { refs, files, check }: Left): Promise<void> {
  await place.collect()
  expect(await place.refs()).toEqual(refs)
  await place.git('fsck', '--full', '--strict', '--no-dangling')
  if (files !== undefined) expect(await place.git('rev-parse', 'main^{tree}')).toBe(await place.seed.writeTree(files))
  await check?.()
}

test('the table has a cell for every operation and server, in their order, and the page shows it', () => {
  if (isUpdate) writeTable(found)
  const written = readTable()
  expect(Object.keys(written)).toEqual(OPERATIONS.map(({ name }) => name))
  for (const row of Object.values(written)) expect(Object.keys(row)).toEqual(SERVERS.map(({ name }) => name))
  expect(readFileSync(PAGE, 'utf8')).toBe(page(written))
})
