import { expect, test } from 'vitest'
import type { ReflectorPool } from '../kube/reflector-pool.ts'
import type { ReflectorHandler } from '../kube/reflector.ts'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { watchDefinitions } from './definition-changes.ts'

const definition = (name: string) => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata: { name },
})

function watch() {
  const clock = manualClock()
  const handlers: ReflectorHandler[] = []
  const pool: ReflectorPool = {
    subscribe(_resource, _namespace, handler, narrowing) {
      expect(narrowing).toEqual({ metadataOnly: true })
      handlers.push(handler)
      return { close: () => undefined, state: { phase: 'Watching', since: 0, restarts: 0 } }
    },
    list: () => [],
  }
  const log: string[] = []
  const discovery = { invalidate: () => void log.push('invalidate') }
  watchDefinitions(pool, clock, discovery, (groups) => log.push([...groups].join()))
  return { clock, log, handler: handlers[0] }
}

test('a definition that changes makes discovery old at once, and its group is told when it is served', () => {
  const { clock, log, handler } = watch()
  handler?.onObject(definition('widgets.example.com'), 'initial')
  expect(log).toEqual([])
  handler?.onObject(definition('widgets.example.com'), 'live')
  handler?.onObject(definition('gadgets.other.example.com'), 'live')
  expect(log).toEqual(['invalidate', 'invalidate'])
  clock.advance(500)
  expect(log.slice(2)).toEqual(['invalidate', 'example.com,other.example.com'])
  clock.advance(5_000)
  expect(log.slice(4)).toEqual(['invalidate', 'example.com,other.example.com'])
})

test('one that is gone is told as well', () => {
  const { clock, log, handler } = watch()
  handler?.onDelete(definition('widgets.example.com'))
  handler?.onSynced({ present: new Set(), vanished: new Set(['/gadgets.example.com']) })
  clock.advance(500)
  expect(log.at(-1)).toBe('example.com')
})
