import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openRepository, undiciTransport } from '@gitsync/protocol'
import type { Transport } from '@gitsync/protocol'
import { memoryRemote } from '@gitsync/protocol/testing'
import type { MemoryRemote } from '@gitsync/protocol/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Inventory } from '../../plan/inventory.ts'
import { BranchWriter } from '../branch-writer.ts'
import { Member } from '../member.ts'
import { SpoolBudget } from '../spool.ts'
import { Tips } from '../tips.ts'
import { ScriptedClock } from '../testing/scripted-clock.ts'
import { QUIET_CLUSTER } from '../testing/quiet-cluster.ts'
import { BOT, rendered } from '../testing/world.ts'
import { Budgets } from './budgets.ts'
import { limitedTransport } from './limited-transport.ts'

const TENANTS = 200
const LIMIT = 60
const MINUTE = 60_000
const SILENCE = 5_000
/** GitSyncs of the one tenant that floods. */
const FLOODS = 100

/** Git servers in memory behind one real socket, which counts requests as they arrive. */
const remotes = new Map<string, MemoryRemote>()
const clock = new ScriptedClock()
const arrivals: number[] = []
const server = createServer((request, response) => {
  arrivals.push(clock.now())
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    void (async () => {
      const url = `http://git.example.com${request.url ?? ''}`
      const remote = remotes.get(new URL(url).pathname.split('/')[1] ?? '') as MemoryRemote
      const method = request.method === 'POST' ? 'POST' : 'GET'
      const answer = await remote.transport({
        method,
        url,
        headers: request.headers as Record<string, string>,
        body: chunks,
      })
      response.writeHead(answer.status, answer.headers)
      for await (const chunk of answer.body) response.write(chunk)
      response.end()
    })()
  })
})
const wire = undiciTransport()
let origin = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  await wire.close?.()
  server.closeAllConnections()
  server.close()
})

/** What is under way, and how much of that waits for the budget: the rest has to end before time goes on. */
let running = 0
let held = 0

async function idle(): Promise<void> {
  for (let quiet = 0; quiet < 4;) {
    await new Promise((resolve) => setImmediate(resolve))
    quiet = running === held ? quiet + 1 : 0
  }
}

function gitsync(
  namespace: string,
  name: string,
  budgets: Budgets,
  onPushed: () => void,
): { readonly member: Member; edit: (object: string, value: string) => void } {
  remotes.set(name, memoryRemote())
  const url = `${origin}/${name}/audit.git`
  const budget = budgets.of(new URL(url).host, 'one token')
  budgets.keep(budget, { requests: { perMinute: LIMIT, burst: 0 }, concurrency: 4 }, {})
  const sent: Transport = (request) => {
    held--
    return wire(request)
  }
  const limited = limitedTransport(sent, budget, url)
  const transport: Transport = (request) => {
    held++
    return limited(request)
  }
  const writer = new BranchWriter({
    branch: 'main',
    tips: new Tips(clock),
    clock,
    random: () => 0.5,
    onPush: onPushed,
    schedule: async (work) => {
      running++
      await work().finally(() => running--)
    },
  })
  const member = new Member({
    name: `${namespace}/${name}`,
    settings: {
      path: '.',
      claim: { cluster: 'c', gitsync: name },
      prune: 'Owned',
      author: BOT,
      committer: BOT,
      window: { silence: SILENCE, maxLatency: MINUTE },
      interval: 24 * 60 * MINUTE,
    },
    port: QUIET_CLUSTER,
    inventory: new Inventory(),
    budget: new SpoolBudget(),
    clock,
    onWork: () => writer.kick(),
    onReport: () => undefined,
  })
  const edit = (object: string, value: string): void => {
    const { file, bytes } = rendered(object, value)
    member.objects.set(file, bytes, { time: clock.now() })
  }
  edit('first', '0')
  writer.attach(member, { key: 'same', repository: openRepository(url, { transport, retry: false }), budget })
  return { member, edit }
}

function mostInAMinute(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + MINUTE).length))
}

test('200 tenants on a host that takes 60 requests a minute: one that floods it delays nobody beyond its share', async () => {
  const budgets = new Budgets({ clock })
  const startedAt = new Map<string, number>()
  const latencies: number[] = []
  const onPushed = (name: string): void => {
    const since = startedAt.get(name)
    if (since !== undefined) latencies.push(clock.now() - since)
    startedAt.delete(name)
  }
  const names = Array.from({ length: TENANTS }, (_, index) => `t${index}`)
  const tenants = names.map((name) => gitsync(name, name, budgets, () => onPushed(name)))
  const floods = Array.from({ length: FLOODS }, (_, index) => gitsync('t0', `flood${index}`, budgets, () => undefined))
  let edits = 0
  const floodOn = (): void => {
    for (const flood of floods) flood.edit(`o${edits++ % 300}`, String(edits))
    clock.after(1_000, floodOn)
  }
  floodOn()
  while (tenants.some(({ member }) => !member.status.healthy)) await clock.pass(MINUTE, idle)
  const exported = arrivals.length

  // Everybody edits something, at some time within a minute.
  tenants.slice(1).forEach(({ edit }, index) => {
    clock.after(Math.floor((index * MINUTE) / TENANTS), () => {
      startedAt.set(names[index + 1] as string, clock.now())
      edit('first', '1')
    })
  })
  await clock.pass(2 * MINUTE, idle)
  while (startedAt.size > 0) await clock.pass(MINUTE, idle)

  expect(latencies.length).toBe(TENANTS - 1)
  latencies.sort((a, b) => a - b)
  const worst = latencies.at(-1) as number
  // A round of all tenants, one request each, after the window's silence: however many GitSyncs one of them has.
  expect(worst).toBeLessThanOrEqual(SILENCE + (TENANTS * MINUTE) / LIMIT + 2_000)
  expect(mostInAMinute(arrivals)).toBeLessThanOrEqual(LIMIT)
  // And what is allowed is used: nobody waits while requests could be sent.
  const busy = arrivals.slice(60, exported)
  expect(busy.length / (((busy.at(-1) as number) - (busy[0] as number)) / MINUTE)).toBeGreaterThan(LIMIT * 0.97)
}, 120_000)
