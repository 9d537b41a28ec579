import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { toldPool } from '../kube/testing/told-pool.ts'
import { watchDefinitions } from './definition-changes.ts'

const definition = (name: string) => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata: { name },
})

function watch() {
  const clock = manualClock()
  const pool = toldPool()
  const log: string[] = []
  const discovery = { invalidate: () => void log.push('invalidate') }
  watchDefinitions(pool, clock, discovery, (groups) => log.push([...groups].join()))
  expect(pool.narrowings).toEqual([{ metadataOnly: true }])
  return { clock, log, handler: pool.handlers[0] }
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
