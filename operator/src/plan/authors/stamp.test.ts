import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readStamp, STAMP_ANNOTATION, stampText } from './stamp.ts'
import type { Stamp } from './stamp.ts'

const read = (text: string): Stamp | undefined =>
  readStamp({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', annotations: { [STAMP_ANNOTATION]: text } },
  })

test('a stamp is read as it was written', () => {
  const person = { name: 'Bob Builder', email: 'bob@corp.example' }
  const stamps: Stamp[] = [
    { user: { name: 'oidc:bob@idp.example' }, replaced: '77' },
    { user: { name: 'bob', person }, replaced: '0' },
    {
      user: { name: 'x'.repeat(1_024), person: { name: '\u{1f600}'.repeat(200), email: '\u{1f600}'.repeat(200) } },
      replaced: '7',
    },
  ]
  for (const stamp of stamps) expect(read(stampText(stamp))).toEqual(stamp)
  for (const text of [
    '',
    'bob',
    'bob@',
    'bob@07',
    'bob@7\n',
    'bob@7\nBob',
    'bob@7\nBob <b>\n',
    `${'x'.repeat(2_000)}@7`,
  ])
    expect(read(text)).toBeUndefined()
})

test('nobody can name himself so that the stamp is of another', () => {
  const hostile = fc
    .array(fc.constantFrom('@', '0', '7', '\n', '<', '>', ' ', 'root', 'x'))
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(
      hostile,
      fc.option(fc.record({ name: hostile, email: hostile }), { nil: undefined }),
      (name, person) => {
        const user = person === undefined ? { name } : { name, person }
        const stamp = read(stampText({ user, replaced: '77' }))
        if (stamp === undefined) return
        expect(stamp.user.name).toBe(name)
        expect(stamp.replaced).toBe('77')
        expect(stamp.user.person === undefined).toBe(person === undefined)
      },
    ),
    { numRuns: 2_000 },
  )
})
