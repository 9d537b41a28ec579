import { once } from 'node:events'
import { readdir, rm, truncate } from 'node:fs/promises'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../e2e/harness/wait-for.ts'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'

let stand: Stand
beforeAll(async () => {
  stand = await startStand('filesystem', { limits: { maxRefs: 5 } })
})
afterEach(() => expect(stand.errors.splice(0)).toEqual([]))
afterAll(() => stand.stop())

const service = 'git-receive-pack'
const post = (repository: string, body: string, headers = {}): Promise<Response> =>
  fetch(`${stand.url}/me/${repository}.git/${service}`, {
    method: 'POST',
    body,
    headers: { 'content-type': `application/x-${service}-request`, ...headers },
  })
const line = (text: string): string => (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text
const NONE = '0'.repeat(40)
const ONE = '1'.repeat(40)

test('who only asks whether it would be let in makes nothing', async () => {
  const answer = await post('probed', '0000')
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    `application/x-${service}-result`,
    '',
  ])
  expect((await fetch(`${stand.url}/me/probed.git/info/refs?service=${service}`)).status).toBe(200)
  expect((await fetch(`${stand.url}/me/probed.git/info/refs?service=git-upload-pack`)).status).toBe(404)
})

test.each([
  ['no packet', 'nonsense', /ERR expected the length of a packet line/],
  ['a command that is none', `${line('x y z\0report-status')}0000`, /ERR .* is no command of a push/],
  [
    'a ref twice',
    `${line(`${NONE} ${ONE} refs/heads/a\0report-status`)}${line(`${NONE} ${ONE} refs/heads/a`)}0000`,
    /ERR refs\/heads\/a comes twice/,
  ],
  [
    'too many refs',
    `${Array.from({ length: 6 }, (_, i) => line(`${NONE} ${ONE} refs/heads/${i}`)).join('')}0000`,
    /ERR more than 5 refs/,
  ],
  [
    'another hash function',
    `${line(`${NONE} ${ONE} refs/heads/a\0report-status object-format=sha256`)}0000`,
    /ERR the repository has ids of sha1/,
  ],
  [
    'no pack',
    `${line(`${NONE} ${ONE} refs/heads/a\0report-status`)}0000`,
    /unpack the pack ends too early[^]*ng refs\/heads\/a unpacker error/,
  ],
])('%s is refused in words', async (_, body, words) => {
  const answer = await post('refused', body)
  expect(answer.status).toBe(200)
  expect(await answer.text()).toMatch(words)
  expect((await fetch(`${stand.url}/me/refused.git/info/refs?service=git-upload-pack`)).status).toBe(404)
})

test.each([
  ['GET', '/me/x.git/info/refs', 403, /smart protocol alone/],
  ['GET', '/me/x.git/info/refs?service=git-archive', 403, /no service git-archive/],
  ['GET', '/me/x.git/HEAD', 403, /smart protocol alone/],
  ['GET', '/me/x.git/git-upload-pack', 405, /POST is for/],
  ['POST', '/me/x.git/info/refs?service=git-upload-pack', 405, /GET is for/],
  ['GET', '/me/..%2f..%2fetc.git/info/refs?service=git-upload-pack', 400, /repositories are/],
  ['GET', '/me/.hidden/info/refs?service=git-upload-pack', 400, /repositories are/],
  ['GET', '/', 404, /nothing here/],
  ['GET', '//', 404, /nothing here/],
  ['POST', '/me/x.git/git-receive-pack', 415, /content-type application\/x-git-receive-pack-request/],
  ['GET', '/repo.git/info/refs?service=git-receive-pack', 404, /repositories are \/OWNER\/NAME\.git/],
])('%s %s: %i', async (method, path, status, words) => {
  const answer = await fetch(stand.url + path, { method })
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringMatching(words)])
})

test('a client that leaves in the middle of its push leaves nothing behind', async () => {
  const { hostname, port } = new URL(stand.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const commands = `${line(`${NONE} ${ONE} refs/heads/a\0report-status`)}0000PACK\0\0\0\x02\0\0\x01\0`
  socket.write(
    `POST /me/left.git/${service} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-${service}-request\r\ntransfer-encoding: chunked\r\n\r\n${commands.length.toString(16)}\r\n${commands}\r\n`,
  )
  const staging = join(stand.folder, 'data', 'staging')
  const staged = (): Promise<string[]> => readdir(staging).catch(() => [])
  await waitFor('the pack is on its way in', async () => (await staged()).length === 1)
  socket.destroy()
  await waitFor('nothing is left of it', async () => (await staged()).length === 0)
  expect((await fetch(`${stand.url}/me/left.git/info/refs?service=git-upload-pack`)).status).toBe(404)
})

test('what is damaged on the disk is said to the client, and to whoever runs the server; others go on', async () => {
  const noise = Buffer.from(Array.from({ length: 1 << 17 }, (_, i) => (i * i * 31 + (i >> 5)) % 251)).toString('base64')
  const tree = await stand.tree('damaged', { a: noise, b: '1' })
  await stand.git(tree, 'push', '-q', `${stand.url}/me/whole.git`, 'main')
  const repositories = join(stand.folder, 'data', 'repositories')
  const before = await readdir(repositories)
  await stand.git(tree, 'push', '-q', `${stand.url}/me/damaged.git`, 'main')
  const [own = ''] = (await readdir(repositories)).filter((id) => !before.includes(id))
  const packs = join(repositories, own, 'packs')
  const [pack = ''] = (await readdir(packs)).filter((name) => name.endsWith('.pack'))
  await truncate(join(packs, pack), 5_000)
  await expect(stand.git('.', 'clone', '-q', `${stand.url}/me/damaged.git`, 'x')).rejects.toThrow(/internal error/)
  expect(stand.errors.splice(0).map(String)).toEqual([expect.stringMatching(/the file ends before/)])
  await stand.git('.', 'clone', '-q', `${stand.url}/me/whole.git`, 'y')
})

test('who sends on is heard to the end, though all was said: the answer arrives', async () => {
  const start = `${line(`${NONE} ${ONE} refs/heads/a\0report-status`)}0000PACK\0\0\0\x02\xff\xff\xff\xff`
  const body = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(24 << 20)])
  const sending = request(`${stand.url}/me/endless.git/${service}`, {
    method: 'POST',
    headers: { 'content-type': `application/x-${service}-request`, 'content-length': body.length },
  })
  const answered = once(sending, 'response')
  sending.end(body)
  await once(sending, 'finish')
  const [response] = (await answered) as [IncomingMessage]
  expect(await text(response)).toMatch(/unpack .*maxObjects \(2000000\): 4294967295\n.*ng refs\/heads\/a/)
})

test('a pack that is gone from the disk is said to whoever runs the server', async () => {
  const tree = await stand.tree('gone')
  const repositories = join(stand.folder, 'data', 'repositories')
  const before = await readdir(repositories).catch((): string[] => [])
  await stand.git(tree, 'push', '-q', `${stand.url}/me/gone.git`, 'main')
  const [own = ''] = (await readdir(repositories)).filter((id) => !before.includes(id))
  await rm(join(repositories, own), { recursive: true })
  // Whoever has opened it once goes on: this one has not.
  await expect(stand.git('.', 'clone', '-q', `${stand.url}/me/gone.git`, 'gone-copy')).rejects.toThrow(/internal error/)
  expect(stand.errors.splice(0).map(String)).toEqual([expect.stringMatching(/packs of repository .* cannot be read/)])
})

test('stock git says what the server says, also where no report comes', async () => {
  const tree = await stand.tree('many', { a: '1' })
  const refs = Array.from({ length: 6 }, (_, i) => `main:refs/heads/${i}`)
  const push = stand.git(tree, 'push', `${stand.url}/me/many.git`, ...refs)
  await expect(push).rejects.toThrow(/remote: more than 5 refs in one push/)
})
