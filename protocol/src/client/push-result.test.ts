import { expect, test } from 'vitest'
import { refusalOf } from './push-result.ts'

test('a lost race says where the ref is, and what to do', () => {
  const [old, actual] = ['a'.repeat(40), 'b'.repeat(40)]
  const lost = { ref: 'refs/heads/main', old, new: 'c'.repeat(40), status: 'stale', actual } as const
  expect(refusalOf({ ...lost, messages: [], options: {} })).toMatchObject({
    code: 'StaleRef',
    message: expect.stringMatching(`${actual}, not at ${old}: .*pushed; read it again and repeat`),
  })
})
