import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { gitsync } from './test-command.ts'

let open: Remote
let closed: Remote
let from: TestRepository
let to: TestRepository
let count = 0

beforeAll(async () => {
  open = await startRemote()
  closed = await startRemote({ auth: { user: 'git', password: 's3cret' } })
})
afterAll(() => Promise.all([open.stop(), closed.stop()]))
beforeEach(async () => {
  open.reset()
  closed.reset()
  from = await open.createRepository(`from-${++count}.git`)
  to = await open.createRepository(`to-${count}.git`)
  await from.commitFiles({ a: '1' })
  await from.git('tag', '-a', '-m', 'm', 'v1', 'main')
})

const refs = (store: TestRepository): Promise<string> => store.git('for-each-ref')

test('brings branches and tags, and then says that nothing is to change', async () => {
  const [main, tag] = [await from.resolve('main'), await from.resolve('refs/tags/v1')]
  expect(await gitsync(['mirror', from.url, to.url])).toEqual({
    code: 0,
    out: `${main} refs/heads/main\n${tag} refs/tags/v1\n`,
    err: '',
  })
  expect(await refs(to)).toBe(await refs(from))
  await to.fsck()
  expect(await gitsync(['mirror', from.url, to.url])).toEqual({ code: 0, out: '', err: 'nothing to change\n' })
})

test('--json, --ref, --prune and --dry-run', async () => {
  const main = await from.resolve('main')
  const one = await gitsync(['mirror', '--json', from.url, to.url, '--ref', 'ma*'])
  expect(JSON.parse(one.out)).toEqual([{ ref: 'refs/heads/main', old: null, new: main, status: 'ok' }])
  await to.git('branch', 'extra', 'main')
  const dry = await gitsync(['mirror', '--json', '--dry-run', '--prune', from.url, to.url])
  expect(JSON.parse(dry.out)).toMatchObject([
    { ref: 'refs/heads/extra', old: main, new: null },
    { ref: 'refs/tags/v1', old: null },
  ])
  expect(await to.resolve('extra')).toBe(main)
  expect((await gitsync(['mirror', '--prune', from.url, to.url])).out).toContain(
    `deleted refs/heads/extra (was ${main})`,
  )
  expect(await refs(to)).toBe(await refs(from))
})

test('what would lose commits stays, which is a conflict; --force moves it', async () => {
  await gitsync(['mirror', from.url, to.url])
  await to.commitFiles({ theirs: '1' })
  const ran = await gitsync(['mirror', from.url, to.url])
  expect(ran).toMatchObject({ code: 5, out: '', err: expect.stringMatching(/1 of 1 refs.*refs\/heads\/main.*--force/) })
  expect((await gitsync(['mirror', '-f', from.url, to.url])).code).toBe(0)
  expect(await refs(to)).toBe(await refs(from))
})

test('what the target refuses is a matter of permission', async () => {
  await to.git('config', 'receive.denyDeletes', 'true')
  await gitsync(['mirror', from.url, to.url])
  await to.git('branch', 'extra', 'main')
  expect(await gitsync(['mirror', '--prune', from.url, to.url])).toMatchObject({ code: 3, out: '' })
})

describe('credentials', () => {
  test('--token is for the target, --from-token for the source, and neither meets the other host', async () => {
    const target = await closed.createRepository(`to-${count}.git`)
    expect(await gitsync(['mirror', from.url, target.url, '--token', 's3cret'])).toMatchObject({ code: 0 })
    const back = await open.createRepository(`back-${count}.git`)
    expect((await gitsync(['mirror', target.url, back.url, '--from-token', 's3cret'])).code).toBe(0)
    expect(await refs(back)).toBe(await refs(from))

    await using spy = await listening()
    const flags = ['--no-credential-helper', '--token', 's3cret']
    expect((await gitsync(['mirror', spy.url, target.url, ...flags])).code).toBe(3)
    expect((await gitsync(['mirror', spy.url, target.url, ...flags, '--from-token', '0ther'])).code).toBe(3)
    expect(spy.seen).toEqual([undefined, `Basic ${Buffer.from('git:0ther').toString('base64')}`])
  })

  test('one token is enough for two repositories of one host', async () => {
    const [source, target] = [
      await closed.createRepository(`from-${count}.git`),
      await closed.createRepository(`to-${count}.git`),
    ]
    await source.commitFiles({ a: '1' })
    expect(await gitsync(['mirror', source.url, target.url, '--token', 's3cret'])).toMatchObject({ code: 0 })
    expect(await refs(target)).toBe(await refs(source))
  })
})

/** A host that wants credentials, and keeps what it is sent. */
async function listening() {
  const seen: (string | undefined)[] = []
  const server = createServer((incoming, outgoing) => {
    seen.push(incoming.headers.authorization)
    outgoing.writeHead(401, { 'www-authenticate': 'Basic realm="spy"' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    seen,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.git`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
