import { expect, test } from 'vitest'
import type { AuthContext, Credentials } from './credentials.ts'
import { GitError } from '../../format/errors.ts'
import { Login } from './login.ts'

const url = 'https://git.example/x'

/** A login whose callback gives these answers one after another, at a time that the test sets. */
function scripted(answers: readonly (Credentials | undefined | Error)[]) {
  const clock = { now: 0 }
  const asked: AuthContext[] = []
  const auth = async (context: AuthContext): Promise<Credentials | undefined> => {
    asked.push(context)
    await Promise.resolve()
    const answer = answers[asked.length - 1]
    if (answer instanceof Error) throw answer
    return answer
  }
  return { login: new Login({ auth, url, now: () => clock.now, timeoutMs: 1000 }), asked, clock }
}

test('credentials in hand are kept, and there are no others', async () => {
  const auth = { bearer: 't', expiresAt: new Date(0) }
  const login = new Login({ auth, url, now: () => 1, timeoutMs: 1000 })
  expect(await login.current()).toBe(auth)
  expect(await login.instead(auth)).toBeUndefined()
  expect(await new Login({ auth: undefined, url, now: () => 1, timeoutMs: 1000 }).current()).toBeUndefined()
})

test('a callback is asked once, however many wait, and its answer is kept', async () => {
  const { login, asked } = scripted([{ bearer: 'a' }])
  expect(await Promise.all([login.current(), login.current()])).toEqual([{ bearer: 'a' }, { bearer: 'a' }])
  expect(await login.current()).toEqual({ bearer: 'a' })
  expect(asked).toMatchObject([{ url, rejected: false }])
})

test('no answer is an answer: it goes without', async () => {
  const { login, asked } = scripted([undefined, { bearer: 'b' }])
  expect([await login.current(), await login.current()]).toEqual([undefined, undefined])
  expect(await login.instead(undefined)).toEqual({ bearer: 'b' })
  expect(await login.current()).toEqual({ bearer: 'b' })
  expect(asked.map(({ rejected }) => rejected)).toEqual([false, true])
})

test('of several refused at once one asks, and who comes later takes what is there', async () => {
  const { login, asked } = scripted([{ bearer: 'a' }, { bearer: 'b' }])
  const old = await login.current()
  expect(await Promise.all([login.instead(old), login.instead(old)])).toEqual([{ bearer: 'b' }, { bearer: 'b' }])
  expect(await login.instead(old)).toEqual({ bearer: 'b' })
  expect(asked).toHaveLength(2)
})

test('what expires is replaced a minute ahead; what cannot be replaced serves to its end', async () => {
  const { login, asked, clock } = scripted([
    { bearer: 'a', expiresAt: new Date(100_000) },
    new Error('down'),
    { bearer: 'b' },
    new Error('never asked'),
  ])
  expect(await login.current()).toMatchObject({ bearer: 'a' })
  clock.now = 39_999
  expect(await login.current()).toMatchObject({ bearer: 'a' })
  expect(asked).toHaveLength(1)
  clock.now = 40_000
  expect(await login.current()).toMatchObject({ bearer: 'a' })
  expect(asked).toHaveLength(2)
  clock.now = 100_000
  expect(await login.current()).toMatchObject({ bearer: 'b' })
  clock.now = 1e12
  expect(await login.current()).toMatchObject({ bearer: 'b' })
  expect(asked).toHaveLength(3)
})

test('a callback that fails is told, without what it knows; its own GitErrors pass', async () => {
  const { login } = scripted([{ bearer: 's3cret' }, new Error('no route with s3cret'), new GitError('Network', 'down')])
  const old = await login.current()
  const error: unknown = await login.instead(old).catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'Unauthorized', message: expect.stringContaining('no route with ***') })
  await expect(login.instead(old)).rejects.toMatchObject({ code: 'Network' })
})

test('every credential that was ever used is blotted out', async () => {
  const { login } = scripted([{ bearer: 'first' }, { username: 'ann', password: 'second' }])
  const { redact } = login
  expect(redact('first')).toBe('first')
  await login.instead(await login.current())
  expect(redact('first, second and a sec', true)).toBe('***, *** and a ***')
})

test.each([
  ['a\nb', /line break/],
  ['a\u0000', /header/],
  ['ä', /header/],
])('%j is refused', async (bearer, message) => {
  expect(() => new Login({ auth: { bearer }, url, now: () => 0, timeoutMs: 1000 })).toThrow(message)
  await expect(scripted([{ bearer }]).login.current()).rejects.toMatchObject({ code: 'InvalidInput' })
})
