import { pino } from 'pino'
import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { AuthorRecords } from '../plan/authors/records.ts'
import type { Member } from '../push/member.ts'
import type { MemberSettings, RenderedFile } from '../push/member-settings.ts'
import { NO_TRACER } from '../trace/tracer.ts'
import { Intake } from './intake.ts'

const OBJECT: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '7' },
}
const KEY = 'ConfigMap/shop/a'
const RENDERED: RenderedFile = {
  file: {
    key: KEY,
    identity: { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'a' },
    path: 'a.yaml',
    oid: '1',
  },
  bytes: new Uint8Array(),
}

/** An intake whose API server sends audit events, and what its member was told. */
function start({ review }: Pick<MemberSettings, 'review'> = {}) {
  const log: string[] = []
  const clock = manualClock()
  const records = new AuthorRecords()
  const member = {
    settings: { review },
    objects: {
      set: ({ owner }: RenderedFile['file'], _bytes: Uint8Array, { author }: { author?: { name: string } }) =>
        log.push(`set by ${author?.name ?? 'nobody'}, of ${owner ?? 'nobody'}`),
      deleted: (_key: string, { author }: { author?: { name: string } }) =>
        log.push(`deleted by ${author?.name ?? 'nobody'}`),
    },
  } as unknown as Member
  const state = { isListed: true }
  const late = { audit: true, deletions: false, graceMs: 1_000 }
  const logger = pino({ enabled: false })
  const intake = new Intake({
    environment: { clock, late, logger, records, tracer: NO_TRACER, trustedAccounts: new Set() },
    name: 'shop/sync',
    member: () => member,
    isListed: () => state.isListed,
  })
  const write = (render: () => RenderedFile | undefined = () => RENDERED): void => {
    const by = { object: OBJECT, before: {} }
    const run = (): void => intake.written(KEY, render, () => intake.madeBy(by))
    intake.whenKnown(KEY, { isKnown: () => intake.knowsWriter(by), run })
  }
  return { intake, log, clock, records, state, write }
}

test('what is news waits for who did it, in its order, and no longer than that may take', async () => {
  const { intake, log, clock, records, write } = start()
  write()
  intake.whenKnown(KEY, { isKnown: () => true, run: () => intake.deleted(KEY, OBJECT) })
  expect(log).toEqual([])
  records.wrote('u', '7', { name: 'ann' })
  await Promise.resolve()
  expect(log.splice(0)).toEqual(['set by ann, of nobody', 'deleted by nobody'])
  const isKnown = (): boolean => intake.knowsDeleter(OBJECT)
  intake.whenKnown(KEY, { isKnown, run: () => intake.deleted(KEY, OBJECT) })
  clock.advance(999)
  expect(log).toEqual([])
  clock.advance(1)
  expect(log).toEqual(['deleted by nobody'])
})

test('what the first list tells waits for nobody, and what is held goes on when all is told anew', () => {
  const { intake, log, state, write } = start()
  state.isListed = false
  write()
  expect(log).toEqual(['set by nobody, of nobody'])
  state.isListed = true
  write()
  expect(log).toHaveLength(1)
  intake.flush()
  expect(log).toHaveLength(2)
})

test('an object that cannot be made a file leaves its member alone', () => {
  const { log, state, write } = start()
  state.isListed = false
  write(() => undefined)
  expect(log).toEqual([])
})

test('whose branch it is is kept only where each author has one', () => {
  const review = { authorBranches: 'changes/{author}' } as unknown as MemberSettings['review']
  const { log, records, write } = start({ review })
  records.wrote('u', '7', { name: 'Ann' })
  write()
  expect(log).toEqual(['set by Ann, of ann'])
})
