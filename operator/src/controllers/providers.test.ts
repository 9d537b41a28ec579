import { pino } from 'pino'
import { expect, test } from 'vitest'
import { toldPool } from '../kube/testing/told-pool.ts'
import { followProviders } from './providers.ts'

function follow() {
  const pool = toldPool()
  const providers = followProviders(pool, pino({ level: 'silent' }), () => undefined)
  const see = (spec: unknown): void =>
    pool.handlers[0]?.onObject(
      {
        apiVersion: 'gitsync.dev/v1alpha1',
        kind: 'GitProvider',
        metadata: { name: 'corp', uid: 'u', resourceVersion: '1' },
        spec,
      },
      'live',
    )
  return { providers, see }
}

test('what is wrong with a GitProvider is told by field, value and remedy, without the name of an error class', () => {
  const { providers, see } = follow()
  see({ hosts: ['git.example.com'], requests: { burst: 5 } })
  expect(providers.invalid.get('corp')).toEqual({
    hosts: ['git.example.com'],
    problem: 'spec.requests: {"burst":5}: burst needs perMinute beside it',
  })
  expect(providers.valid.size).toBe(0)
})

test('one that is corrected counts, and closes its hosts when it is broken again', () => {
  const { providers, see } = follow()
  see({ hosts: [] })
  see({ hosts: ['git.example.com'] })
  expect([providers.valid.get('corp')?.spec.hosts, providers.invalid.size]).toEqual([['git.example.com'], 0])
  see({ hosts: ['git.example.com'], caBundle: 'nonsense' })
  expect([providers.valid.size, providers.invalid.get('corp')?.hosts]).toEqual([0, ['git.example.com']])
})
