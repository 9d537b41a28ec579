import { expect, test } from 'vitest'
import { ListedTexts } from './listed-texts.ts'
import type { ResourceVersion } from './resource-version.ts'

const version = (number: number, characters: number): ResourceVersion => ({
  version: number,
  savedAt: 0,
  revision: `${number}`,
  identity: '',
  message: '',
  text: 'x'.repeat(characters),
  place: { folder: '', tags: [] },
  isUnconverted: false,
})

test('of more than there is room for, what came first is dropped; what is taken makes room', () => {
  const listed = new ListedTexts(100)
  for (const number of [5, 4, 3]) listed.keep(`${number}`, version(number, 40))
  expect(listed.take('5')).toBeUndefined()
  expect(listed.take('3')?.version).toBe(3)
  expect(listed.take('3')).toBeUndefined()
  listed.keep('2', version(2, 60))
  expect([listed.take('4')?.version, listed.take('2')?.version]).toEqual([4, 2])
})

test('one that is too large by itself is not kept, and the same one again counts once', () => {
  const listed = new ListedTexts(100)
  listed.keep('large', version(1, 101))
  expect(listed.take('large')).toBeUndefined()
  for (let again = 0; again < 3; again++) listed.keep('same', version(1, 60))
  listed.keep('other', version(2, 40))
  expect([listed.take('same'), listed.take('other')].map((kept) => kept?.version)).toEqual([1, 2])
})
