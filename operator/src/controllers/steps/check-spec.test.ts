import { expect, test } from 'vitest'
import { gitSync, unchecked } from '../testing/reconciliation.ts'
import { checkSpec } from './check-spec.ts'

const check = (url: string) => checkSpec(unchecked({}, gitSync({ name: 'x' }, { url })))

test.each(['https://host:99999/x', 'https://[::1/x', 'https://a%zz/x'])(
  '%s is refused with field, value and remedy',
  (url) => {
    expect(check(url)).toEqual({
      reason: 'InvalidSpec',
      message: `spec.repository.url: "${url}": must be a URL with a valid host and a port up to 65535, as in https://git.example.com/team/audit.git`,
    })
  },
)

test('the highest port is accepted', () => {
  expect(check('https://host:65535/x')).toBeUndefined()
})
