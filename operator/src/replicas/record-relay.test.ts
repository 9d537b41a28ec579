import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { MAX_PERSON, MAX_USER_NAME } from '../plan/authors/user.ts'
import { RecordRelay } from './record-relay.ts'
import { MAX_RECORDS_BYTES, writeRecords } from './records.ts'
import type { AuthorRecord } from './records.ts'

function standby(more: { readonly max?: number } = {}) {
  const clock = manualClock()
  const state = { isHolder: false, isReachable: true, answers: undefined as PromiseWithResolvers<void> | undefined }
  const got: (readonly AuthorRecord[])[] = []
  const ended = { sent: 0, lost: 0 }
  const relay = new RecordRelay({
    clock,
    isHolder: () => state.isHolder,
    async send(records) {
      await state.answers?.promise
      if (!state.isReachable) throw new Error('nobody is there')
      got.push(records)
    },
    onEnd: (result, count) => (ended[result] += count),
    ...more,
  })
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 500) {
      clock.advance(Math.min(left, 500))
      await settle()
    }
  }
  const users = (): string[] => got.flat().map(({ user }) => user.name)
  return { relay, state, got, ended, users, settle, pass }
}

test('what is heard is told at once, and in one request what comes while one is under way', async () => {
  const { relay, state, got, ended, settle } = standby()
  state.answers = Promise.withResolvers()
  relay.deleted('u1', { name: 'ann' }, 'Stamp')
  expect(got).toEqual([])
  await settle()
  relay.wrote('u2', '7', { name: 'bob' })
  relay.deleted('u2', { name: 'bob' }, 'Audit', true)
  state.answers.resolve()
  await settle()
  expect(got).toEqual([
    [{ uid: 'u1', user: { name: 'ann' }, told: 'Stamp', isTerminating: false }],
    [
      { uid: 'u2', user: { name: 'bob' }, version: '7' },
      { uid: 'u2', user: { name: 'bob' }, told: 'Audit', isTerminating: true },
    ],
  ])
  expect(ended).toEqual({ sent: 3, lost: 0 })
  relay.deleted('u3', { name: 'carol' }, 'Stamp')
  await settle()
  expect(ended).toEqual({ sent: 4, lost: 0 })
})

test('what the holder does not take waits for it or the next one, in order', async () => {
  const { relay, state, ended, users, pass } = standby()
  state.isReachable = false
  relay.deleted('u1', { name: 'ann' }, 'Stamp')
  await pass(20_000)
  relay.deleted('u2', { name: 'bob' }, 'Stamp')
  await pass(20_000)
  expect(ended).toEqual({ sent: 0, lost: 0 })
  state.isReachable = true
  await pass(1_000)
  expect(users()).toEqual(['ann', 'bob'])
})

test('what nobody takes for a minute and a half is given up, and so is the oldest of too many', async () => {
  const { relay, state, ended, users, settle, pass } = standby({ max: 2 })
  state.isReachable = false
  for (const user of ['ann', 'bob', 'carol']) relay.deleted(user, { name: user }, 'Stamp')
  expect(ended).toEqual({ sent: 0, lost: 1 })
  await pass(60_000)
  relay.deleted('dave', { name: 'dave' }, 'Stamp')
  await pass(35_000)
  expect(ended).toEqual({ sent: 0, lost: 3 })
  state.answers = Promise.withResolvers()
  await pass(1_000)
  // Under way are dave's: when they come back they are the oldest.
  for (const user of ['erin', 'frank']) relay.deleted(user, { name: user }, 'Stamp')
  state.answers.resolve()
  await settle()
  expect(ended).toEqual({ sent: 0, lost: 4 })
  state.isReachable = true
  await pass(1_000)
  expect(users()).toEqual(['erin', 'frank'])
})

test('who writes tells nobody, and no longer what it heard before', async () => {
  const { relay, state, got, ended, pass } = standby({ max: 2 })
  state.isReachable = false
  relay.deleted('u1', { name: 'ann' }, 'Stamp')
  await pass(2_000)
  Object.assign(state, { isHolder: true, isReachable: true })
  for (const user of ['bob', 'carol', 'dave']) relay.deleted(user, { name: user }, 'Stamp')
  await pass(2_000)
  expect(got).toEqual([])
  expect(ended).toEqual({ sent: 0, lost: 0 })
})

test('as many as are told at once fit into a request, whatever their names', async () => {
  const { relay, got, settle } = standby()
  // Six characters in JSON, each.
  const worst = (length: number): string => '\u0001'.repeat(length)
  const user = { name: worst(MAX_USER_NAME), person: { name: worst(MAX_PERSON), email: '' } }
  for (let index = 0; index < 1_000; index++) relay.deleted('x'.repeat(36), user, 'Stamp')
  await settle()
  expect(got.flat()).toHaveLength(1_000)
  for (const records of got) expect(writeRecords(records).length).toBeLessThan(MAX_RECORDS_BYTES)
})

test('who ends gives up what waits', async () => {
  const { relay, state, ended, pass } = standby()
  state.isReachable = false
  relay.deleted('u', { name: 'ann' }, 'Stamp')
  await pass(1_000)
  await relay.stop()
  relay.deleted('u', { name: 'bob' }, 'Stamp')
  expect(ended).toEqual({ sent: 0, lost: 1 })
})
