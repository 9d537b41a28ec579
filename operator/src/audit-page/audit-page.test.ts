import { beforeEach, expect, test } from 'vitest'
import { audited, bearer, createStand, PROXY } from './testing/stand.ts'
import type { Asking, Stand } from './testing/stand.ts'

let stand: Stand
beforeEach(() => {
  stand = createStand()
  stand.users.set('token-of-ann', { username: 'ann', groups: ['system:authenticated'] })
  stand.users.set('token-of-bob', { username: 'bob', groups: ['system:authenticated'] })
  stand.users.set('token-of-root', { username: 'root', groups: ['admins'] })
  stand.rights.set('ann', ['shop'])
  stand.rights.set('bob', ['billing'])
  stand.rights.set('admins', ['*'])
  stand.gitsyncs = [audited('shop', 'orders'), audited('billing', 'invoices'), audited('shop', 'carts')]
})

const named = (
  user: string,
  more: Readonly<Record<string, string | readonly string[]>> = {},
  from = PROXY,
): Asking => ({
  from,
  headers: { accept: 'text/html', 'x-forwarded-user': user, ...more },
})

test('who may get the GitSyncs of a namespace sees these, and of the others not a word', async () => {
  const ann = await stand.get('/', bearer('token-of-ann'))
  expect(ann.status).toBe(200)
  expect(ann.body).toContain('clusters/shop')
  expect(ann.body).toMatch(/carts.*orders/s)
  expect(ann.body).toContain('2 GitSyncs')
  expect(ann.body).not.toMatch(/billing|invoices/)
  const bob = await stand.get('/', bearer('token-of-bob'))
  expect(bob.body).toContain('invoices')
  expect(bob.body).not.toMatch(/shop|orders|carts/)
  const root = await stand.get('/', bearer('token-of-root'))
  expect(root.body).toContain('3 GitSyncs')
  // Whoever may see everything is asked about once.
  expect(stand.asked.filter((question) => question.startsWith('root'))).toEqual(['root *'])
})

test('what others have is the same as nothing: to the byte, and in what is asked', async () => {
  const words = ['billing', 'invoices', 'nothing-of-that-name']
  const answers = new Set<string>()
  for (const word of words) {
    const { status, body } = await stand.get(`/?q=${word}`, bearer('token-of-ann'))
    answers.add(`${status} ${body.replaceAll(word, 'WORD')}`)
  }
  expect(answers.size).toBe(1)
  stand.asked.length = 0
  stand.gitsyncs = [audited('shop', 'orders'), audited('shop', 'carts')]
  const without = await stand.get('/', bearer('token-of-ann'))
  stand.gitsyncs = [...stand.gitsyncs, audited('billing', 'invoices')]
  expect(await stand.get('/', bearer('token-of-ann'))).toEqual(without)
})

test('a right that is taken back is gone within half a minute', async () => {
  expect((await stand.get('/', bearer('token-of-ann'))).body).toContain('orders')
  stand.rights.delete('ann')
  stand.clock.advance(30_000)
  expect((await stand.get('/', bearer('token-of-ann'))).body).not.toContain('orders')
})

test.each(['whose token', 'who may see'] as const)('a question without an answer is no yes: %s', async (silent) => {
  expect((await stand.get('/', bearer('token-of-ann'))).status).toBe(200)
  stand.silent = silent
  stand.clock.advance(30_000)
  const { status, body, headers } = await stand.get('/', bearer('token-of-ann'))
  expect([status, headers?.['retry-after']]).toEqual([503, '5'])
  expect(body).not.toMatch(/orders|no answer/)
})

test('nobody gets anything without saying who they are', async () => {
  for (const target of ['/', '/commit?id=1', '/nothing', '/?q=orders']) {
    const plain = await stand.get(target)
    expect([plain.status, plain.headers?.['www-authenticate'], plain.body]).toEqual([
      401,
      'Bearer',
      'nobody has logged in: send the header Authorization: Bearer TOKEN\n',
    ])
    const page = await stand.get(target, { headers: { accept: 'text/html' } })
    expect([page.status, page.body.includes('orders')]).toEqual([401, target.includes('orders')])
    expect(page.body).toContain('<form method="post" action="/login"')
  }
  expect((await stand.get('/', bearer('wrong'))).status).toBe(401)
  expect((await stand.get('/', { headers: { authorization: 'Basic YTpi' } })).status).toBe(400)
  expect((await stand.get('/', { headers: { authorization: ['Bearer token-of-ann', 'Bearer x'] } })).status).toBe(401)
})

test('the form says for which audience a token has to be', async () => {
  const answers = [
    await stand.get('/login'),
    await stand.get('/', { headers: { accept: 'text/html' } }),
    await stand.post('/login', { token: 'wrong' }, { headers: FROM_HERE }),
  ]
  for (const { body } of answers) expect(body).toContain('kubectl create token NAME --audience gitsync-audit<')
})

test('a trusted proxy says who asks; from anywhere else its headers are refused, with a good token too', async () => {
  expect((await stand.get('/', named('ann'))).body).toContain('orders')
  expect((await stand.get('/', named('ann', {}, `::ffff:${PROXY}`))).body).toContain('orders')
  expect((await stand.get('/', named('carl', { 'x-forwarded-groups': 'guests, admins' }))).body).toContain('3 GitSyncs')
  for (const from of ['192.0.2.1', '10.1.3.3', '::1', 'fd00:0:0:1::1', '', 'unknown']) {
    const refused = await stand.get('/', named('ann', { authorization: 'Bearer token-of-ann' }, from))
    expect([refused.status, refused.body.includes('orders')], from).toEqual([403, false])
  }
  const groupsAlone = {
    from: '192.0.2.1',
    headers: { 'x-forwarded-groups': 'admins', authorization: 'Bearer token-of-ann' },
  }
  expect((await stand.get('/', groupsAlone)).status).toBe(403)
})

test.each([
  ['system:admin', {}],
  ['', {}],
  ['ann', { 'x-forwarded-groups': 'system:masters' }],
  ['ann', { 'x-forwarded-groups': 'team, system:serviceaccounts:kube-system' }],
  ['ann\u0000', {}],
  ['\u00ff', {}],
  ['x'.repeat(1025), {}],
])('a proxy cannot say %j, %j', async (user, more) => {
  const { status } = await stand.get('/', named(user, more))
  expect(status).toBe(400)
})

test('a name that the proxy has not replaced is refused, and so are groups', async () => {
  expect((await stand.get('/', { from: PROXY, headers: { 'x-forwarded-user': ['ann', 'root'] } })).status).toBe(400)
  expect((await stand.get('/', { from: PROXY, headers: { 'x-forwarded-groups': 'admins' } })).status).toBe(400)
  expect((await stand.get('/', named('carl', { 'x-forwarded-groups': ['admins', 'guests'] }))).status).toBe(400)
})

const FROM_HERE = { 'sec-fetch-site': 'same-origin' }
const cookieOf = (header: string | undefined): string => header?.split(';')[0] ?? ''

test('a browser logs in with a token, which it never sees again, and out', async () => {
  const given = await stand.post('/login', { token: ' token-of-ann\n', next: '/?q=orders' }, { headers: FROM_HERE })
  const cookie = given.headers?.['set-cookie']
  expect([given.status, given.headers?.['location']]).toEqual([303, '/?q=orders'])
  expect(cookie).toMatch(/^__Host-gitsync-audit=[\w-]{43}; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  const headers = { cookie: `other=1; ${cookieOf(cookie)}`, accept: 'text/html' }
  const page = await stand.get('/', { headers })
  expect(page.body).toContain('orders')
  expect(page.body).toContain('Log out')
  expect(`${page.body}${cookie}`).not.toContain('token-of-ann')

  const out = await stand.post('/logout', {}, { headers: { ...headers, ...FROM_HERE } })
  expect(out.headers?.['set-cookie']).toMatch(/=; Max-Age=0;/)
  expect((await stand.get('/', { headers })).status).toBe(401)
})

test('a session ends with its token, and after a working day', async () => {
  const headers = {
    cookie: cookieOf(
      (await stand.post('/login', { token: 'token-of-ann' }, { headers: FROM_HERE })).headers?.['set-cookie'],
    ),
  }
  stand.users.delete('token-of-ann')
  stand.clock.advance(30_000)
  expect((await stand.get('/', { headers })).status).toBe(401)
  stand.users.set('token-of-ann', { username: 'ann', groups: [] })
  stand.clock.advance(30_000)
  expect((await stand.get('/', { headers })).status).toBe(401)
  const again = {
    cookie: cookieOf(
      (await stand.post('/login', { token: 'token-of-ann' }, { headers: FROM_HERE })).headers?.['set-cookie'],
    ),
  }
  stand.clock.advance(8 * 3_600_000 + 1)
  expect((await stand.get('/', { headers: again })).status).toBe(401)
})

test.each([
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ origin: 'https://evil.example' }, 403],
  [{ origin: 'null' }, 403],
  [{}, 403],
  [{ origin: 'https://page.example' }, 303],
] as const)('a form of another site logs nobody in: %j', async (headers, status) => {
  const answer = await stand.post('/login', { token: 'token-of-ann' }, { headers })
  expect([answer.status, answer.headers?.['set-cookie'] !== undefined]).toEqual([status, status === 303])
})

test.each([
  'https://evil.example/',
  '//evil.example',
  String.raw`\\evil.example`,
  'javascript:alert(1)',
  '/\\evil.example',
  '/log',
  'http:evil',
  '///evil.example',
  '/x/..//evil.example',
])('nobody is led elsewhere: %s', async (next) => {
  const { headers } = await stand.post('/login', { token: 'token-of-ann', next }, { headers: FROM_HERE })
  const location = new URL(headers?.['location'] ?? '', 'https://page.example/login')
  expect(location.host).toBe('page.example')
})

test('whoever tries tokens has to wait; those with a good one do not', async () => {
  await stand.get('/', bearer('token-of-bob'))
  for (let i = 0; i < 20; i++) await stand.get('/', bearer(`guess-${i}`))
  stand.asked.length = 0
  const waiting = await stand.get('/', bearer('token-of-ann'))
  expect([waiting.status, waiting.headers?.['retry-after'], stand.asked]).toEqual([429, '60', []])
  expect((await stand.get('/', bearer('token-of-bob'))).status).toBe(200)
  expect((await stand.get('/', { ...bearer('token-of-ann'), from: '192.0.2.2' })).status).toBe(200)
  for (let i = 0; i < 200; i++) await stand.get('/', { ...bearer(`guess-${i}`), from: `192.0.3.${i % 250}` })
  expect((await stand.get('/', { ...bearer('token-of-root'), from: '192.0.2.3' })).status).toBe(429)
  stand.clock.advance(60_001)
  expect((await stand.get('/', { ...bearer('token-of-root'), from: '192.0.2.3' })).status).toBe(200)
})

test('pages can be read and nothing else', async () => {
  expect((await stand.post('/', {}, bearer('token-of-ann'))).status).toBe(405)
  expect((await stand.get('/nothing', bearer('token-of-ann'))).status).toBe(404)
  expect((await stand.get('/__proto__', bearer('token-of-ann'))).status).toBe(404)
})

test.each([
  ['HEAD', '/login', 200, undefined],
  ['PUT', '/login', 405, 'GET, HEAD, POST'],
  ['GET', '/logout', 405, 'POST'],
  ['POST', '/timeline', 405, 'GET, HEAD'],
])('%s of %s is answered with %i, and with what can be done there: %s', async (method, path, status, allow) => {
  const answer = await stand.ask(method, path)
  expect([answer.status, answer.headers?.['allow']]).toEqual([status, allow])
})

test('while another replica has the pages, that is said, and nobody logs in where the session would be unknown to that one', async () => {
  stand.gitsyncs = undefined
  const answers = [
    await stand.get('/', bearer('token-of-ann')),
    await stand.get('/login'),
    await stand.post('/login', { token: 'token-of-ann' }, { headers: FROM_HERE }),
  ]
  for (const { status, headers = {} } of answers) {
    expect([status, headers['retry-after'], headers['set-cookie']]).toEqual([503, '2', undefined])
  }
  expect(stand.asked).toEqual([])
})

test('one viewer has a few pages made at a time, and the others have theirs', async () => {
  const answers = Promise.all(Array.from({ length: 20 }, () => stand.get('/', bearer('token-of-ann'))))
  expect((await stand.get('/', bearer('token-of-bob'))).status).toBe(200)
  const statuses = (await answers).map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(8)
  expect(statuses.filter((status) => status === 429)).toHaveLength(12)
  expect((await stand.get('/', bearer('token-of-ann'))).status).toBe(200)
})
