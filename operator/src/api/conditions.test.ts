import { expect, test } from 'vitest'
import { setConditions, type Condition, type ConditionState } from './conditions.ts'
import { REASONS } from './reasons.ts'

const ready = (status: Condition['status'], reason: ConditionState['reason'], message = ''): ConditionState => ({
  type: 'Ready',
  status,
  reason,
  message,
})
const stalled = (status: Condition['status'] = 'True'): ConditionState => ({
  type: 'Stalled',
  status,
  reason: 'PathConflict',
  message: 'two objects',
})
const at = (minute: number, generation = 1) => ({ now: `2026-01-01T00:0${minute}:00Z`, generation })

test('lastTransitionTime changes with the status and with nothing else', () => {
  const first = setConditions([], [ready('False', 'Progressing')], at(1))
  const second = setConditions(first, [ready('False', 'Unreachable', 'no answer')], at(2, 2))
  expect(second[0]).toMatchObject({ reason: 'Unreachable', lastTransitionTime: at(1).now, observedGeneration: 2 })
  const third = setConditions(second, [ready('True', 'Succeeded')], at(3, 2))
  expect(third[0]).toMatchObject({ status: 'True', lastTransitionTime: at(3).now })
})

test('abnormal conditions are absent when they are not True, or no longer said', () => {
  const first = setConditions([], [stalled(), ready('False', 'PathConflict')], at(1))
  expect(first.map(({ type }) => type)).toEqual(['Ready', 'Stalled'])
  expect(setConditions(first, [ready('True', 'Succeeded'), stalled('False')], at(2)).map(({ type }) => type)).toEqual([
    'Ready',
  ])
  expect(setConditions(first, [ready('True', 'Succeeded')], at(2)).map(({ type }) => type)).not.toContain('Stalled')
})

test('nothing changed gives back the same array, so that no status is written', () => {
  const first = setConditions([], [ready('True', 'Succeeded', 'fine')], at(1))
  expect(setConditions(first, [ready('True', 'Succeeded', 'fine')], at(2))).toBe(first)
  expect(setConditions(first, [ready('True', 'Succeeded', 'fine')], at(2, 2))).not.toBe(first)
})

test('long messages are cut to what the schema allows', () => {
  expect(setConditions([], [ready('False', 'PushRejected', 'x'.repeat(5000))], at(1))[0]?.message).toHaveLength(2048)
})

test('every reason says what it means and what to do', () => {
  for (const [reason, { meaning, remedy }] of Object.entries(REASONS)) {
    expect(reason).toMatch(/^[A-Z][A-Za-z]+$/)
    expect(`${meaning} ${remedy}`).toMatch(/^[^\n]+\.[^\n]+\.$/)
  }
})
