import { expect, test } from 'vitest'
import { fuzz } from '../../../test/kit/fuzz/fuzz.ts'
import { TARGETS } from '../../../test/kit/fuzz/targets.ts'

test.each(TARGETS)('$name: whatever the bytes, a value or a GitError', async (target) => {
  const { executions, accepted } = await fuzz(target, { seed: 1, executions: 400 })
  expect(executions).toBe(400)
  expect(accepted).toBeGreaterThan(0)
})

test('a parser that fails in any other way is found, and so is the input', async () => {
  const [target] = TARGETS
  if (target === undefined) throw new Error('there is none')
  const broken = { ...target, parse: (bytes: Buffer) => bytes.length > 10 && JSON.parse('{') }
  await expect(fuzz(broken, { seed: 1, executions: 400 })).rejects.toThrow(
    /packet lines throws what is no GitError: FUZZ_SEED=\d+/,
  )
})
