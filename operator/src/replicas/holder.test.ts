import { expect, test } from 'vitest'
import { doorsAt } from './holder.ts'

test('open doors are told with their ports, where there is an address', () => {
  const bound = { webhook: '0.0.0.0:9443', pushHooks: undefined }
  expect(doorsAt('10.0.0.7', bound)).toEqual({ webhook: '10.0.0.7:9443' })
  expect(doorsAt('fd00::7', { ...bound, pushHooks: '[::]:8090' })).toEqual({
    webhook: '[fd00::7]:9443',
    pushHooks: '[fd00::7]:8090',
  })
  expect(doorsAt(undefined, bound)).toEqual({})
})
