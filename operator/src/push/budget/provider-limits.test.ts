import { expect, test } from 'vitest'
import { gitProviderSpecSchema } from '../../api/gitprovider.ts'
import { strictest } from './limits.ts'
import { limitsOf } from './provider-limits.ts'

const spec = (fields: object) => gitProviderSpecSchema.parse({ hosts: ['git.example.com'], ...fields })
const NOTHING = { requests: undefined, pushesPerMinute: undefined, bytesPerPush: undefined, bytesPerHour: undefined }

test('well-known hosts have what they publish, others nothing, and a GitProvider comes first', () => {
  expect(limitsOf('github.com', undefined)).toMatchObject({ pushesPerMinute: 6, requests: { perMinute: 900 } })
  for (const host of ['git.example.com', 'gitlab.com', 'codeberg.org', 'dev.azure.com', 'corp.visualstudio.com']) {
    expect(limitsOf(host, undefined)).toEqual({ ...NOTHING, concurrency: 4 })
  }
  expect(limitsOf('github.com', spec({ type: 'Generic' }))).toEqual({ ...NOTHING, concurrency: 4 })
  expect(limitsOf('git.example.com', spec({ type: 'GitHub', pushes: { perMinutePerRepository: 30 } }))).toMatchObject({
    pushesPerMinute: 30,
    requests: { perMinute: 900, burst: 60 },
  })
  const own = { requests: { perMinute: 5, concurrency: 9 }, bytes: { perPush: 70_000, perHour: 80_000 } }
  expect(limitsOf('bitbucket.org', spec(own))).toEqual({
    requests: { perMinute: 5, burst: 0 },
    concurrency: 9,
    pushesPerMinute: undefined,
    bytesPerPush: 70_000,
    bytesPerHour: 80_000,
  })
})

test('of several limits the strictest counts, part by part', () => {
  const one = limitsOf('a', spec({ requests: { perMinute: 60, burst: 5, concurrency: 2 } }))
  const other = limitsOf('a', spec({ requests: { perMinute: 90 }, bytes: { perPush: 70_000 } }))
  expect(strictest([one, other])).toEqual({
    ...NOTHING,
    requests: { perMinute: 60, burst: 0 },
    concurrency: 2,
    bytesPerPush: 70_000,
  })
  expect(strictest([])).toEqual({ ...NOTHING, concurrency: 4 })
})
