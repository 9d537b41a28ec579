import { expect, test } from 'vitest'
import { gitSync, unchecked } from '../testing/reconciliation.ts'
import { checkSpec } from './check-spec.ts'

const check = (url: string) => checkSpec(unchecked({}, gitSync({ name: 'x' }, { url })))

test.each(['https://host:99999/x', 'https://[::1/x', 'https://a%zz/x'])(
  '%s is refused with field, value and remedy',
  async (url) => {
    expect(await check(url)).toEqual({
      reason: 'InvalidSpec',
      message: `spec.repository.url: "${url}": must be a URL with a valid host and a port up to 65535, as in https://git.example.com/team/audit.git`,
    })
  },
)

test('the highest port is accepted', async () => {
  expect(await check('https://host:65535/x')).toBeUndefined()
})

test.each([
  ['layout', { template: '{nonsense}.yaml' }],
  ['commit', { message: 'by {nonsense}' }],
])('a template that is wrong is named: spec.%s', async (field, value) => {
  const object = gitSync({ name: 'x' })
  Object.assign(object['spec'] as object, { [field]: value })
  expect(await checkSpec(unchecked({}, object))).toMatchObject({
    reason: 'InvalidTemplate',
    message: expect.stringMatching(
      new RegExp(`^spec\\.${field}\\.${Object.keys(value)[0]}: .*\\{nonsense\\} is unknown`),
    ),
  })
})

test('an expression that is wrong is named', async () => {
  const object = gitSync({ name: 'x' })
  Object.assign(object['spec'] as object, { layout: { expression: 'nonsense + name' } })
  expect(await checkSpec(unchecked({}, object))).toMatchObject({
    reason: 'InvalidTemplate',
    message: expect.stringMatching(/^spec\.layout\.expression: .*nonsense/),
  })
})
