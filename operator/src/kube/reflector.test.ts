import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KubernetesObject } from '../objects/object.ts'
import { createKubeClient, type KubeClient } from './client.ts'
import { createReflectorPool } from './reflector-pool.ts'
import {
  createReflector,
  type Reflector,
  type ReflectorHandler,
  type ReflectorOptions,
  type Subscription,
} from './reflector.ts'
import { send, statusBody, until } from './testing/api.ts'
import { CONFIG_MAPS, startConfigMaps, type ConfigMapServer } from './testing/config-maps.ts'

let server: ConfigMapServer
let client: KubeClient
let open: Subscription[]

beforeEach(async () => {
  server = await startConfigMaps()
  client = createKubeClient(server.connection, { maxRetries: 0 })
  open = []
})
afterEach(async () => {
  for (const subscription of open) subscription.close()
  await client.close()
  await server.close()
})

/** Believes exactly what it is told. */
function believer() {
  const view = new Map<string, string>()
  const log: string[] = []
  const handler = {
    onObject(object: KubernetesObject, phase: string) {
      const value = String((object['data'] as any).value)
      view.set(object.metadata.name, value)
      log.push(`${phase} ${object.metadata.name}=${value}`)
    },
    onDelete(object: KubernetesObject) {
      view.delete(object.metadata.name)
      log.push(`delete ${object.metadata.name}`)
    },
    onSynced({ present, vanished }: { present: ReadonlySet<string>; vanished: ReadonlySet<string> }) {
      for (const key of vanished) view.delete(key.slice(key.indexOf('/') + 1))
      log.push(`synced ${present.size}${[...vanished].map((key) => ` vanished ${key}`).join('')}`)
    },
    onState({ phase }: { phase: string }) {
      log.push(`# ${phase}`)
    },
  } satisfies ReflectorHandler
  return {
    handler,
    view,
    log,
    get events() {
      return log.filter((entry) => !entry.startsWith('#'))
    },
  }
}

function reflect(options: ReflectorOptions = {}): Reflector {
  return createReflector(client, CONFIG_MAPS, undefined, {
    backoff: { baseMs: 1, maxMs: 5 },
    refusedRetryMs: 1,
    ...options,
  })
}

function subscribe(reflector: Reflector, handler: ReflectorHandler): Subscription {
  const subscription = reflector.subscribe(handler)
  open.push(subscription)
  return subscription
}

function stored(): Map<string, string> {
  return new Map([...server.objects].map(([name, { data }]) => [name, data.value]))
}

describe('listing', () => {
  test('a streaming list is one request that goes on as the watch', async () => {
    server.put('x', '1')
    const seen = believer()
    const { state } = subscribe(reflect(), seen.handler)
    expect(state.phase).toBe('Listing')
    await until(() => seen.log.includes('# Watching'))
    server.put('y', '2')
    server.remove('x')
    await until(() => seen.log.includes('delete x'))
    expect(seen.events).toEqual(['initial x=1', 'synced 1', 'live y=2', 'delete x'])
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]?.query).toMatchObject({ resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: 'true' })
  })

  test.each(['refused', 'error-event', 'ignored'] as const)(
    'falls back to pages when streaming is %s, and remembers',
    async (how) => {
      server.streaming = how
      for (const name of ['x', 'y', 'z']) server.put(name, '1')
      const streamingLists = { refused: false }
      const seen = believer()
      subscribe(reflect({ pageSize: 2, streamingLists }), seen.handler)
      await until(() => seen.log.includes('# Watching'))
      expect(seen.events).toEqual(['initial x=1', 'initial y=1', 'initial z=1', 'synced 3'])
      expect(streamingLists.refused).toBe(true)
      const lists = server.calls.filter(({ query }) => query['watch'] === undefined)
      expect(lists.map(({ query }) => query['limit'])).toEqual(['2', '2'])
      expect(lists.every(({ query }) => query['resourceVersion'] === undefined)).toBe(true)
    },
  )

  test('a list whose pages expire is read anew in one', async () => {
    for (const name of ['x', 'y', 'z']) server.put(name, '1')
    server.intercept = ({ query }) => {
      if (query['continue'] !== undefined) server.expire()
      return false
    }
    const seen = believer()
    subscribe(reflect({ pageSize: 2, streamingLists: { refused: true } }), seen.handler)
    await until(() => seen.log.includes('# Watching'))
    expect(seen.view).toEqual(stored())
    expect(seen.events.at(-1)).toBe('synced 3')
    expect(server.calls.map(({ query }) => query['limit']).slice(0, 3)).toEqual(['2', '2', undefined])
  })

  test('objects keep exact numbers, and get the apiVersion and kind that lists leave out', async () => {
    server.intercept = (call, response) => {
      if (call.query['watch'] === 'true') return false
      const item = '{"metadata":{"name":"big","namespace":"a","resourceVersion":"3"},"data":{"value":9007199254740993}}'
      send(
        response,
        200,
        `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"10"},"items":[${item}]}`,
      )
      return true
    }
    let got: KubernetesObject | undefined
    const seen = believer()
    const onObject = (object: KubernetesObject) => {
      got = object
    }
    subscribe(reflect({ streamingLists: { refused: true } }), { ...seen.handler, onObject })
    await until(() => got !== undefined)
    expect(JSON.stringify(got)).toContain('"value":9007199254740993')
    expect(got).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' })
  })
})

describe('watching', () => {
  test('a cut connection resumes from the last version without a list, and nothing is lost or told twice', async () => {
    server.put('x', '1')
    const seen = believer()
    const reasons: string[] = []
    subscribe(reflect({ onReconnect: (reason) => reasons.push(reason) }), seen.handler)
    await until(() => seen.log.includes('# Watching'))
    server.cut()
    server.put('x', '2')
    server.remove('x')
    server.put('x', '3')
    await until(() => seen.events.includes('live x=3'))
    expect(seen.events).toEqual(['initial x=1', 'synced 1', 'live x=2', 'delete x', 'live x=3'])
    expect(reasons).toContain('Network')
    expect(server.calls.at(-1)?.query['resourceVersion']).toBe('11')
  })

  test('bookmarks move the position', async () => {
    const reflector = reflect()
    const seen = believer()
    subscribe(reflector, seen.handler)
    await until(() => seen.log.includes('# Watching'))
    server.expire()
    server.bookmark()
    await until(() => reflector.state.resourceVersion === '11')
    server.endWatches()
    await until(() => reflector.state.restarts > 0 && server.watches === 1)
    expect(seen.events).toEqual(['synced 0'])
    expect(server.calls.at(-1)?.query['resourceVersion']).toBe('11')
  })

  test('after 410 a new list tells what changed and what vanished, which is not a deletion seen', async () => {
    for (const name of ['x', 'y', 'z']) server.put(name, '1')
    const seen = believer()
    subscribe(reflect(), seen.handler)
    await until(() => seen.log.includes('# Watching'))
    seen.log.length = 0
    server.intercept = () => true
    server.cut()
    server.put('y', '2')
    server.remove('z')
    server.put('new', '1')
    server.expire()
    server.intercept = () => false
    server.cut()
    await until(() => seen.events.some((entry) => entry.startsWith('synced')))
    expect(seen.events.toSorted()).toEqual(['live new=1', 'live y=2', 'synced 3 vanished a/z'])
  })

  test('a silent connection is given up and resumed', async () => {
    const seen = believer()
    const reasons: string[] = []
    subscribe(reflect({ idleTimeoutMs: 30, onReconnect: (reason) => reasons.push(reason) }), seen.handler)
    await until(() => reasons.length > 1)
    expect(new Set(reasons)).toEqual(new Set(['Timeout']))
    server.put('x', '1')
    await until(() => seen.view.get('x') === '1')
  })

  test('repeated events are told once', async () => {
    server.duplicate = true
    const seen = believer()
    subscribe(reflect(), seen.handler)
    await until(() => seen.log.includes('# Watching'))
    server.put('x', '1')
    server.put('x', '2')
    server.remove('x')
    server.put('end', '1')
    await until(() => seen.view.has('end'))
    expect(seen.events).toEqual(['synced 0', 'live x=1', 'live x=2', 'delete x', 'live end=1'])
  })

  test('a malformed line drops the connection, and three in a row the position', async () => {
    const seen = believer()
    const reasons: string[] = []
    const reflector = reflect({ onReconnect: (reason) => reasons.push(reason) })
    subscribe(reflector, seen.handler)
    for (let n = 1; n <= 3; n++) {
      await until(() => reflector.state.phase === 'Watching' && server.watches > 0)
      server.say('{"type":\n')
      await until(() => reasons.length === n)
    }
    await until(() => seen.events.filter((entry) => entry.startsWith('synced')).length === 2)
    expect(reasons).toEqual(['Malformed', 'Malformed', 'Malformed'])
  })

  test.each([
    [403, 'Forbidden', 'Forbidden'],
    [404, 'NotServed', ''],
  ])('%i is a state of its own until it mends', async (code, phase, reason) => {
    server.put('x', '1')
    server.intercept = (_call, response) => {
      send(response, code, reason === '' ? '404 page not found' : statusBody(code, reason))
      return true
    }
    const reflector = reflect()
    const seen = believer()
    subscribe(reflector, seen.handler)
    await until(() => reflector.state.phase === phase)
    expect(reflector.state.lastError?.code).toBe(phase)
    expect(seen.events).toEqual([])
    server.intercept = () => false
    await until(() => reflector.state.phase === 'Watching')
    expect(seen.events).toEqual(['initial x=1', 'synced 1'])
  })

  test('429 waits as long as the server asks', async () => {
    let refused = 0
    server.intercept = (_call, response) => {
      if (refused++ > 0) return false
      send(response, 429, statusBody(429, 'TooManyRequests'), { 'retry-after': '1' })
      return true
    }
    const reflector = reflect()
    const started = Date.now()
    subscribe(reflector, believer().handler)
    await until(() => reflector.state.phase === 'Watching')
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000)
  })

  test('a handler that throws harms neither the others nor the watch', async () => {
    const errors: unknown[] = []
    const reflector = reflect({ onHandlerError: (error) => errors.push(error) })
    const broken = believer()
    const seen = believer()
    const onObject = () => {
      throw new Error('broken')
    }
    subscribe(reflector, { ...broken.handler, onObject })
    subscribe(reflector, seen.handler)
    await until(() => reflector.state.phase === 'Watching')
    server.put('x', '1')
    server.put('x', '2')
    await until(() => seen.view.get('x') === '2')
    expect(errors).toHaveLength(2)
  })
})

describe('several subscribers', () => {
  test('a late one gets a list of its own, merged with what happens meanwhile; the others see none of it', async () => {
    for (const name of ['v', 'w', 'x', 'y']) server.put(name, '1')
    const reflector = reflect({ pageSize: 2 })
    const first = believer()
    subscribe(reflector, first.handler)
    await until(() => reflector.state.phase === 'Watching')
    const before = first.events.length
    let held: (() => void) | undefined
    server.intercept = ({ query }) => {
      if (query['continue'] === undefined || held !== undefined) return false
      held = () => undefined
      server.put('v', '2')
      server.remove('w')
      server.put('z', '1')
      return false
    }
    const late = believer()
    subscribe(reflector, late.handler)
    await until(() => late.view.get('z') === '1' && late.view.get('v') === '2' && !late.view.has('w'))
    expect(late.view).toEqual(stored())
    expect(late.events.filter((entry) => entry.startsWith('synced'))).toHaveLength(1)
    expect(first.events.slice(before)).toEqual(['live v=2', 'delete w', 'live z=1'])
    expect(server.calls.filter(({ query }) => query['watch'] === 'true')).toHaveLength(1)
  })

  test('one that comes between the list and its watch is not forgotten', async () => {
    server.put('x', '1')
    const reflector = reflect({ streamingLists: { refused: true } })
    const late = believer()
    const first = believer()
    let joined = false
    const onSynced = () => {
      if (joined) return
      joined = true
      queueMicrotask(() => subscribe(reflector, late.handler))
    }
    subscribe(reflector, { ...first.handler, onSynced })
    await until(() => late.events.includes('synced 1'))
    expect(late.view).toEqual(stored())
  })

  test('what outgrows the buffer makes the late list start again', async () => {
    for (const name of ['v', 'w', 'x', 'y']) server.put(name, '1')
    const reflector = reflect({ pageSize: 2, maxBuffered: 3 })
    const first = believer()
    subscribe(reflector, first.handler)
    await until(() => reflector.state.phase === 'Watching')
    let flood = 5
    server.intercept = ({ query }, response) => {
      if (query['continue'] === undefined || flood === 0) return false
      while (flood-- > 1) server.put('v', `flood ${flood}`)
      void until(() => first.view.get('v') === 'flood 1').then(() => response.socket?.destroy())
      flood = 0
      return true
    }
    const late = believer()
    subscribe(reflector, late.handler)
    await until(() => late.events.some((entry) => entry.startsWith('synced')))
    expect(late.view).toEqual(stored())
  })

  test('the last one to leave ends the watch; the next one starts afresh', async () => {
    const pool = createReflectorPool(client)
    const [one, two] = [believer(), believer()]
    const a = pool.subscribe(CONFIG_MAPS, undefined, one.handler)
    const b = pool.subscribe(CONFIG_MAPS, undefined, two.handler)
    await until(() => server.watches === 1 && one.events.length > 0 && two.events.length > 0)
    a.close()
    a.close()
    server.put('x', '1')
    await until(() => two.view.has('x'))
    expect(one.view.size).toBe(0)
    b.close()
    await until(() => server.watches === 0)
    expect(b.state.phase).toBe('Stopped')
    expect(pool.list()).toEqual([])
    const again = believer()
    open.push(pool.subscribe(CONFIG_MAPS, undefined, again.handler))
    await until(() => again.view.has('x'))
    expect(pool.list()[0]?.size).toBe(1)
  })
})

test('whatever goes wrong, every subscriber ends up with what is stored', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('put'), name: fc.constantFrom('p', 'q', 'r', 's') }),
    fc.record({ do: fc.constant('remove'), name: fc.constantFrom('p', 'q', 'r', 's') }),
    fc.record({
      do: fc.constantFrom('cut', 'end', 'expire', 'bookmark', 'garbage', 'subscribe', 'leave', 'pause'),
      name: fc.constant(''),
    }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.constantFrom('yes', 'refused', 'error-event', 'ignored'),
      fc.boolean(),
      async (steps, streaming, duplicate) => {
        server = await startConfigMaps()
        Object.assign(server, { streaming, duplicate })
        const local = createKubeClient(server.connection, { maxRetries: 0 })
        const reflector = createReflector(local, CONFIG_MAPS, undefined, {
          backoff: { baseMs: 1, maxMs: 2 },
          pageSize: 2,
          maxBuffered: 4,
        })
        const subscribers: { seen: ReturnType<typeof believer>; subscription: Subscription }[] = []
        const join = () => {
          const seen = believer()
          subscribers.push({ seen, subscription: reflector.subscribe(seen.handler) })
        }
        join()
        for (const [n, { do: action, name }] of steps.entries()) {
          if (action === 'put') server.put(name, String(n))
          else if (action === 'remove') server.remove(name)
          else if (action === 'cut') server.cut()
          else if (action === 'end') server.endWatches()
          else if (action === 'expire') server.expire()
          else if (action === 'bookmark') server.bookmark()
          else if (action === 'garbage') server.say('nonsense\n')
          else if (action === 'subscribe') join()
          else if (action === 'leave' && subscribers.length > 1) subscribers.shift()?.subscription.close()
          else await new Promise((resolve) => setTimeout(resolve, 2))
        }
        server.put('end', 'end')
        const wanted = stored()
        const right = () => subscribers.every(({ seen }) => isDeepStrictEqual(seen.view, wanted))
        await until(right, JSON.stringify([[...wanted], reflector.state, subscribers.map(({ seen }) => [...seen.log])]))
        for (const { subscription } of subscribers) subscription.close()
        await local.close()
        await server.close()
      },
    ),
    { numRuns: 200, endOnFailure: true },
  )
})
