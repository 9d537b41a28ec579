import { spawn } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { deflateSync } from 'node:zlib'
import { isDeepStrictEqual } from 'node:util'
import { isPush } from '../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../test/kit/remote/index.ts'
import type { Effort } from './clients/client.ts'
import type { Programs } from './clients/programs.ts'
import { layoutOf } from './layout.ts'
import type { Size } from './layout.ts'
import { usageOf } from './process-usage.ts'
import { copyOf, removeCopy } from './repository.ts'
import type { ClientName, Scenario, Task } from './scenario.ts'

/** One run of one operation by one client. */
export interface Measured extends Omit<Effort, 'result'> {
  readonly requests: number
  /** Body bytes, as the remote counts them. */
  readonly up: number
  readonly down: number
  /** Pushes, and their body bytes. */
  readonly pushes: number
  readonly pushUp: number
  /** Compressed bytes of what is written: no client can avoid to send them. */
  readonly content: number
  /** From the start of the process until it is ready; what it fetches to get ready is in it. */
  readonly start: { readonly milliseconds: number; readonly cpuMilliseconds: number; readonly peakRss: number }
}

export interface Place {
  readonly remote: Remote
  readonly programs: Programs
  /** Folder for what a run leaves. */
  readonly folder: string
  /** Folder of the sample repository. */
  readonly sample: string
  readonly size: Size
}

const TIMEOUT = 300_000

/** @throws Error when the client fails, or did not do what it was to do */
export async function measure(
  place: Place,
  scenario: Scenario,
  client: ClientName,
  latency: number,
): Promise<Measured> {
  const { remote, folder, size, programs } = place
  const scratch = join(folder, 'scratch')
  await mkdir(scratch)
  const store = await copyOf(remote, 'sample.git', place.sample)
  const layout = layoutOf(size)
  await scenario.seed?.(store)
  const task = await taskOf(store, scenario, place, scratch)
  const file = join(folder, 'task.json')
  await writeFile(file, JSON.stringify(task))
  const [command = '', ...args] = programs[client]
  const spawned = performance.now()
  const child = spawn(command, [...args, scenario.name, client, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), scenario.timeout ?? TIMEOUT)
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<string> => {
      const { value, done } = (await lines.next()) as { value?: string; done?: boolean }
      if (done === true || value === undefined) throw new Error(`${client}, ${scenario.name}: ended without a result`)
      return value
    }
    if ((await next()) !== 'ready') throw new Error(`${client}, ${scenario.name}: does not get ready`)
    const begun = usageOf(child.pid ?? 'self')
    const milliseconds = performance.now() - spawned
    await scenario.meanwhile?.(store, layout)
    remote.reset()
    if (latency > 0) remote.faults.delay(latency, { times: Infinity })
    child.stdin.write('go\n')
    const { result, ...effort } = JSON.parse(await next()) as Effort
    const requests = [...remote.requests]
    remote.reset()
    await verify(store, scenario, task, result, client)
    const sum = (list: typeof requests, field: 'bytesIn' | 'bytesOut'): number =>
      list.reduce((total, request) => total + request[field], 0)
    const pushes = requests.filter(isPush)
    return {
      ...effort,
      requests: requests.length,
      up: sum(requests, 'bytesIn'),
      down: sum(requests, 'bytesOut'),
      pushes: pushes.length,
      pushUp: sum(pushes, 'bytesIn'),
      content: task.put.reduce((total, { content }) => total + deflateSync(content).length, 0),
      start: { milliseconds, cpuMilliseconds: begun.cpu * 1000, peakRss: begun.peakRss },
    }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
    await rm(scratch, { recursive: true, force: true })
    await removeCopy(store)
  }
}

async function taskOf(store: TestRepository, scenario: Scenario, { size }: Place, scratch: string): Promise<Task> {
  const given = scenario.task(layoutOf(size))
  const apart = Math.min(given.apart ?? 0, size.commits - 1)
  const head = (await store.resolve('main')) ?? ''
  const base = (await store.resolve(`main~${apart}`)) ?? ''
  const nothing = { put: [], remove: [], path: '', count: 1, branch: 'main' }
  return { ...nothing, ...given, url: store.url, scratch, apart, head, base }
}

async function verify(
  store: TestRepository,
  scenario: Scenario,
  task: Task,
  result: Effort['result'],
  client: ClientName,
): Promise<void> {
  if (scenario.truth !== undefined) {
    const truth = await scenario.truth(store, task)
    if (isDeepStrictEqual(result, truth)) return
    throw new Error(`${client}, ${scenario.name}: ${JSON.stringify(result)} is not ${JSON.stringify(truth)}`)
  }
  const written = new Map((await store.lsTree(task.branch)).map(({ path, oid }) => [path, oid]))
  for (const { path, content } of [task.put[0], task.put.at(-1)].filter((one) => one !== undefined)) {
    const found = written.has(path) ? (await store.readFile(task.branch, path)).toString() : undefined
    if (found !== content) throw new Error(`${client}, ${scenario.name}: ${path} is not what was to be written`)
  }
  const left = task.remove.find((path) => written.has(path))
  if (left !== undefined) throw new Error(`${client}, ${scenario.name}: ${left} is still there`)
  const wanted = task.put.filter(({ path }) => !written.has(path))
  if (wanted.length > 0) throw new Error(`${client}, ${scenario.name}: ${wanted.length} files are missing`)
}
