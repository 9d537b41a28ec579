import { expect, test } from 'vitest'
import { secretsOf } from '../http/credentials.ts'
import { redactor } from './redact.ts'

const basic = Buffer.from('ann:s3cret').toString('base64')

test.each([
  [{ username: 'ann', password: 's3cret' }, `ann, Basic ${basic}, ann:s3cret, s3cret`, 'ann, Basic ***, ***, ***'],
  [{ bearer: 't0ken' }, 'Bearer t0ken t0kent0ken', 'Bearer *** ******'],
  [{ username: 't0ken', password: '' }, 'hello t0ken', 'hello ***'],
  [{ username: '', password: '' }, 'hello', 'hello'],
])('%o is blotted out in every spelling', (auth, text, clean) => {
  expect(redactor(secretsOf(auth))(text)).toBe(clean)
})

test('a longer secret is not left in part by a shorter one inside', () => {
  expect(redactor(['cat', 'concatenate'])('concatenate cat')).toBe('*** ***')
})

test('half a secret at the end goes only where the text was cut off', () => {
  const redact = redactor(['s3cret', 'other'])
  expect(redact('you sent s3cr', true)).toBe('you sent ***')
  expect(redact('you sent s3cr')).toBe('you sent s3cr')
  expect(redact('you sent s3cret', true)).toBe('you sent ***')
  expect(redact('nothing', true)).toBe('nothing')
})
