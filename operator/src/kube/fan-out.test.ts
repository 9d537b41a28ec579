import { expect, test } from 'vitest'
import { FanOut, type ObjectHandler } from './fan-out.ts'
import { compareVersions } from '../objects/resource-version.ts'

function listen() {
  const log: string[] = []
  const handler: ObjectHandler = {
    onObject: ({ metadata }, phase) => log.push(`${phase} ${metadata.name}@${metadata.resourceVersion}`),
    onDelete: ({ metadata }) => log.push(`delete ${metadata.name}`),
    onSynced: ({ present, vanished }) => log.push(`synced ${[...present].join()} vanished ${[...vanished].join()}`),
  }
  return { log, handler }
}

function event(type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, version: string) {
  return {
    type,
    version,
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, resourceVersion: version } },
  }
}

function object(name: string, version: string) {
  return event('ADDED', name, version).object
}

test('events between the objects of a streaming list and its end count', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  const { log, handler } = listen()
  fan.attach(handler)
  fan.beginList()
  fan.listed(event('ADDED', 'x', '3'))
  fan.listed(event('ADDED', 'y', '4'))
  fan.listed(event('MODIFIED', 'y', '6'))
  fan.listed(event('DELETED', 'x', '7'))
  fan.endList('8')
  expect(log).toEqual(['initial x@3', 'initial y@4', 'initial y@6', 'delete x', 'synced /y vanished '])
})

test('a list that broke off leaves no gap and no repeat behind', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  const { log, handler } = listen()
  fan.attach(handler)
  fan.beginList()
  fan.listed(event('ADDED', 'x', '3'))
  fan.listed(event('ADDED', 'y', '4'))
  log.length = 0
  fan.beginList()
  fan.listed(event('ADDED', 'y', '4'))
  fan.endList('9')
  expect(log).toEqual(['synced /y vanished /x'])
  expect(fan.size).toBe(1)
  fan.beginList()
  fan.listed(event('ADDED', 'y', '4'))
  fan.endList('10')
  expect(log.at(-1)).toBe('synced /y vanished ')
})

test('an old event repeated after a deletion does not bring the object back', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  const { log, handler } = listen()
  fan.attach(handler)
  fan.beginList()
  fan.endList('1')
  fan.live(event('ADDED', 'x', '9'))
  fan.live(event('DELETED', 'x', '10'))
  fan.live(event('ADDED', 'x', '9'))
  fan.live(event('DELETED', 'x', '10'))
  fan.live(event('ADDED', 'x', '11'))
  expect(log.slice(1)).toEqual(['live x@9', 'delete x', 'live x@11'])
  expect(fan.position).toBe('11')
})

test('a late list that is ahead of the stream drops what the stream still brings from before it', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  const first = listen()
  fan.attach(first.handler)
  fan.beginList()
  fan.listed(event('ADDED', 'x', '5'))
  fan.listed(event('ADDED', 'gone', '6'))
  fan.endList('10')
  const late = listen()
  const member = fan.attach(late.handler)
  fan.beginJoin(member)
  fan.joined(member, object('x', '14'), '14')
  fan.live(event('MODIFIED', 'x', '12'))
  expect(fan.endJoin(member, '15')).toBe(true)
  fan.live(event('DELETED', 'gone', '13'))
  fan.live(event('MODIFIED', 'x', '14'))
  fan.live(event('MODIFIED', 'x', '16'))
  expect(late.log).toEqual(['initial x@14', 'synced /x vanished ', 'live x@16'])
  expect(first.log.slice(-4)).toEqual(['live x@12', 'delete gone', 'live x@14', 'live x@16'])
  expect(member.known).toBeUndefined()
})

test('an event that a late list held already is not told again, also when it brings the stream up to the list', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  fan.beginList()
  fan.endList('10')
  const late = listen()
  const member = fan.attach(late.handler)
  fan.beginJoin(member)
  fan.joined(member, object('x', '14'), '14')
  expect(fan.endJoin(member, '14')).toBe(true)
  fan.live(event('ADDED', 'x', '14'))
  expect(late.log).toEqual(['initial x@14', 'synced /x vanished '])
  expect(member.known).toBeUndefined()
})

test('a subscriber that comes from a stream further on is not told of what it has seen come and go', () => {
  const [ahead, behind] = [new FanOut({ maxBuffered: 10 }), new FanOut({ maxBuffered: 10 })]
  for (const fan of [ahead, behind]) {
    fan.beginList()
    fan.endList('10')
  }
  ahead.live(event('ADDED', 'x', '11'))
  ahead.live(event('DELETED', 'x', '12'))
  const { handler, log } = listen()
  expect(behind.agrees(ahead, '')).toBe(true)
  behind.adopt(handler, undefined, ahead)
  behind.live(event('ADDED', 'x', '11'))
  behind.live(event('DELETED', 'x', '12'))
  behind.live(event('ADDED', 'x', '13'))
  expect(log).toEqual(['live x@13'])
})

test('a late list older than the stream is refused', () => {
  const fan = new FanOut({ maxBuffered: 10 })
  fan.beginList()
  fan.endList('10')
  const member = fan.attach(listen().handler)
  fan.beginJoin(member)
  expect(fan.endJoin(member, '9')).toBe(false)
})

test('versions compare as numbers of any length, and other texts do not compare', () => {
  expect(compareVersions('9', '10')).toBeLessThan(0)
  expect(compareVersions('9007199254740993', '9007199254740992')).toBeGreaterThan(0)
  expect(compareVersions('10', '10')).toBe(0)
  expect(compareVersions('a', '10')).toBeUndefined()
  expect(compareVersions('010', '10')).toBeUndefined()
})
