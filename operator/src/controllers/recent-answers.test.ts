import { expect, test } from 'vitest'
import { manualClock } from '../kube/testing/manual-clock.ts'
import { RecentAnswers } from './recent-answers.ts'

test('one answer does for a while, and a failure for nobody else', async () => {
  const clock = manualClock()
  const answers = new RecentAnswers<number>(clock, 100)
  let count = 0
  const ask = (): Promise<number> => answers.of('a', () => Promise.resolve(++count))
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1])
  clock.advance(99)
  expect(await ask()).toBe(1)
  clock.advance(1)
  expect(await ask()).toBe(2)
  await expect(answers.of('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await answers.of('b', () => Promise.resolve(7))).toBe(7)
})

// Kinds are those of files, and whoever may push makes up as many as they like.
test('nothing is kept of questions that were asked a while ago', async () => {
  const clock = manualClock()
  const answers = new RecentAnswers<boolean>(clock, 100)
  for (let index = 0; index < 1_000; index++) {
    await answers.of(`Kind${index}.a.example`, () => Promise.resolve(false))
    clock.advance(10)
  }
  expect(answers.size).toBeLessThanOrEqual(10)
})
