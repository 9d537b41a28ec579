import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { servePushHooks } from './push-hooks.ts'
import type { PushNotice } from './push-notice.ts'
import { readPushNotice } from './push-notice.ts'
import type { HttpServer } from './server.ts'

const SECRET = 'open sesame'
let folder: string
let server: HttpServer
let notices: PushNotice[] = []
let relayed: [body: Buffer, signature: string][] = []
/** This process writes to Git. */
let holds = true
const take = (notice: PushNotice): boolean => {
  if (holds) notices.push(notice)
  return holds
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'push-hooks-'))
  const secretFile = join(folder, 'secret')
  await writeFile(secretFile, `former secret\n${SECRET}\n`)
  server = await servePushHooks({
    address: '127.0.0.1:0',
    secretFile,
    onPush: take,
    relay: (...passed) => Promise.resolve(void relayed.push(passed)),
    logger: pino({ level: 'silent' }),
  })
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})
beforeEach(() => {
  notices = []
  relayed = []
  holds = true
})

const github = JSON.stringify({
  ref: 'refs/heads/main',
  after: 'a'.repeat(40),
  repository: {
    clone_url: 'https://github.com/a/b.git',
    ssh_url: 'git@github.com:a/b.git',
    html_url: 'https://github.com/a/b',
  },
})
const sign = (body: string, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('hex')
const post = async (body: string, headers: Record<string, string>, path = '/push'): Promise<number> =>
  (await fetch(`http://${server.address}${path}`, { method: 'POST', body, headers })).status

describe('who may say that there was a push', () => {
  test.each([
    ['GitHub', { 'x-hub-signature-256': `sha256=${sign(github)}` }],
    ['Bitbucket', { 'x-hub-signature': `sha256=${sign(github)}` }],
    ['Gitea', { 'x-gitea-signature': sign(github) }],
    ['Gogs', { 'x-gogs-signature': sign(github) }],
    ['GitLab', { 'x-gitlab-token': SECRET }],
    ['whoever has the former secret still', { 'x-gitlab-token': 'former secret' }],
  ])('%s', async (_who, headers) => {
    expect(await post(github, headers)).toBe(202)
    expect(notices).toHaveLength(1)
  })

  test.each([
    ['nobody without a signature', {}],
    ['nobody with an empty one', { 'x-gitea-signature': '', 'x-gitlab-token': '' }],
    ['nobody with another secret', { 'x-gitea-signature': sign(github, 'guess'), 'x-gitlab-token': 'guess' }],
    ['nobody with the signature of another body', { 'x-hub-signature-256': `sha256=${sign(`${github} `)}` }],
    ['nobody with SHA-1', { 'x-hub-signature': `sha1=${createHmac('sha1', SECRET).update(github).digest('hex')}` }],
  ])('%s', async (_who, headers) => {
    expect(await post(github, headers)).toBe(401)
    expect(notices).toEqual([])
  })
})

test.each([
  ['a ping', '{"zen":"Keep it logically awesome."}', 202],
  ['a tag', github.replace('heads', 'tags'), 202],
  ['no JSON', 'hello', 202],
  ['null', 'null', 202],
  ['a body that is too long', 'x'.repeat((4 << 20) + 1), 413],
])('%s leads to nothing', async (_what, body, status) => {
  expect(await post(body, { 'x-gitea-signature': sign(body) })).toBe(status)
  expect(notices).toEqual([])
})

test('another path or method is told what to do', async () => {
  expect(await post(github, {}, '/')).toBe(404)
  expect((await fetch(`http://${server.address}/push`)).status).toBe(405)
})

describe('what is read of a push', () => {
  test('GitHub, Gitea', () => {
    expect(readPushNotice(JSON.parse(github))).toEqual({
      urls: ['https://github.com/a/b.git', 'git@github.com:a/b.git', 'https://github.com/a/b'],
      branches: [{ branch: 'main', tip: 'a'.repeat(40) }],
    })
  })
  test('GitLab', () => {
    const body = {
      ref: 'refs/heads/a/b',
      project: { git_http_url: 'https://gitlab.com/g/p.git', web_url: 'https://gitlab.com/g/p' },
    }
    expect(readPushNotice(body)).toEqual({
      urls: ['https://gitlab.com/g/p.git', 'https://gitlab.com/g/p'],
      branches: [{ branch: 'a/b', tip: undefined }],
    })
  })
  test('Bitbucket, with a branch that was made and one that was deleted', () => {
    const body = {
      repository: { links: { html: { href: 'https://bitbucket.org/w/r' } } },
      push: {
        changes: [
          { new: { type: 'branch', name: 'made', target: { hash: 'b'.repeat(40) } }, old: null },
          { new: null, old: { type: 'branch', name: 'deleted' } },
          { new: { type: 'tag', name: 'v1' }, old: null },
        ],
      },
    }
    expect(readPushNotice(body)).toEqual({
      urls: ['https://bitbucket.org/w/r'],
      branches: [
        { branch: 'made', tip: 'b'.repeat(40) },
        { branch: 'deleted', tip: undefined },
      ],
    })
  })
})

test('what reaches a standby is passed on, signed with the same secret and without the token, and only once', async () => {
  holds = false
  const headers = { 'x-gitlab-token': 'former secret' }
  expect(await post(github, { 'x-gitlab-token': 'guess' })).toBe(401)
  expect(await post(github, headers)).toBe(202)
  expect(await post('{}', headers)).toBe(202)
  expect(relayed).toEqual([[Buffer.from(github), `sha256=${sign(github, 'former secret')}`]])
  expect(await post(github, { ...headers, 'gitsync-relayed': 'true' })).toBe(503)
  holds = true
  const [, signature = ''] = relayed[0] ?? []
  expect(await post(github, { 'x-hub-signature-256': signature, 'gitsync-relayed': 'true' })).toBe(202)
  expect(notices).toHaveLength(1)
  expect(relayed).toHaveLength(1)
})

test('whoever sends slowly, and has no secret, keeps nobody else from telling of a push', async () => {
  const slow = await servePushHooks({
    address: '127.0.0.1:0',
    secretFile: join(folder, 'secret'),
    onPush: take,
    relay: (...passed) => Promise.resolve(void relayed.push(passed)),
    logger: pino({ level: 'silent' }),
    bodyMs: 300,
  })
  const port = Number(slow.address.split(':')[1])
  const sockets = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'))
  for (const socket of sockets) {
    socket.on('error', () => undefined)
    socket.write('POST /push HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n')
  }
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write('x')
  }, 50)
  const tell = async (): Promise<number> => {
    const headers = { 'x-gitlab-token': SECRET }
    return (await fetch(`http://${slow.address}/push`, { method: 'POST', body: github, headers })).status
  }
  try {
    await expect.poll(tell).toBe(503)
    await expect.poll(tell, { timeout: 3_000 }).toBe(202)
  } finally {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
    await slow.close()
  }
})
