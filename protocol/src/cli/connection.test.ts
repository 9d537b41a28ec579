import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { makeCertificates } from '../../../test/kit/cluster/certificates.ts'
import type { Certificates } from '../../../test/kit/cluster/certificates.ts'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote } from '../../../test/kit/remote/index.ts'
import { main } from './main.ts'

const PASSWORD = 'pa=ss word'

let open: Remote
let closed: Remote
let url: string
let scratch: string
let certificates: Certificates

beforeAll(async () => {
  open = await startRemote()
  closed = await startRemote({ auth: { user: 'ann', password: PASSWORD } })
  const store = await open.createRepository('open.git')
  await store.commitFiles({ a: '1' })
  url = store.url
  await (await closed.createRepository('closed.git')).commitFiles({ a: '1' })
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-connection-'))
  certificates = await makeCertificates(scratch)
})
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop()])
  await rm(scratch, { recursive: true, force: true })
})
beforeEach(() => {
  open.reset()
  closed.reset()
})

/** The command in this process, with an environment that holds nothing but what the test gives. */
async function gitsync(args: readonly string[], env: Record<string, string> = {}) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const printed = Promise.all([text(stdout), text(stderr)])
  const code = await main(args, {
    stdin,
    stdout,
    stderr,
    env: { PATH: process.env['PATH'], HOME: scratch, ...env },
    program: join(scratch, 'gitsync'),
    now: () => new Date(),
  })
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, out, err }
}

async function listening(server: Server) {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Passes requests on to another address. */
function forward(incoming: IncomingMessage, outgoing: ServerResponse, to: string | URL): void {
  const { method = 'GET', headers } = incoming
  incoming.pipe(
    httpRequest(to, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    }),
  )
}

describe('retries', () => {
  test('--retries counts the tries after the first one', async () => {
    for (const [args, requests] of [
      [[], 3],
      [['--retries', '0'], 1],
      [['--retries', '1'], 2],
    ] as const) {
      open.reset()
      open.faults.status(503, { times: Infinity })
      expect((await gitsync(['ls-remote', url, ...args])).code).toBe(7)
      expect(open.requests).toHaveLength(requests)
    }
    open.reset()
    open.faults.status(503)
    expect((await gitsync(['ls-remote', url], { GITSYNC_RETRIES: '1' })).code).toBe(0)
  })

  test.each(['-1', 'x', '100'])('--retries %s is refused', async (count) => {
    expect(await gitsync(['ls-remote', url, `--retries=${count}`])).toMatchObject({
      code: 2,
      err: expect.stringContaining('from 0 to 99'),
    })
  })
})

describe('proxies', () => {
  async function startProxy() {
    const seen: string[] = []
    const server = createServer((incoming, outgoing) => {
      seen.push(incoming.url ?? '')
      forward(incoming, outgoing, incoming.url ?? '')
    })
    return { seen, ...(await listening(server)) }
  }

  test.each(['http_proxy', 'HTTP_PROXY', 'GITSYNC_PROXY', '--proxy'])('%s is used', async (name) => {
    await using proxy = await startProxy()
    const address = `http://127.0.0.1:${proxy.port}`
    const flag = name === '--proxy' ? [name, address] : []
    const env = name === '--proxy' ? { HTTP_PROXY: 'http://127.0.0.1:1' } : { [name]: address }
    expect(await gitsync(['cat-file', url, 'main', 'a', ...flag], env)).toMatchObject({ code: 0, out: '1' })
    expect(proxy.seen).toEqual(Array(proxy.seen.length).fill(expect.stringContaining(url)))
  })

  test('hosts in NO_PROXY are asked directly', async () => {
    const env = { HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' }
    expect((await gitsync(['ls-remote', url], env)).code).toBe(0)
  })

  test('what is no proxy is refused, and not repeated', async () => {
    const ran = await gitsync(['ls-remote', url, '--proxy', 'socks5://ann:s3cret@127.0.0.1:1'])
    expect(ran).toMatchObject({ code: 2, err: expect.stringMatching(/--proxy .*must be the URL/) })
    expect(ran.err).not.toContain('s3cret')
  })
})

describe('certificates', () => {
  test('--cert and --key log in to a server that asks for them', async () => {
    const { ca, serving, admin } = certificates
    const server = createTlsServer(
      {
        cert: await readFile(serving.cert),
        key: await readFile(serving.key),
        ca: await readFile(ca),
        requestCert: true,
      },
      (incoming, outgoing) => {
        forward(incoming, outgoing, new URL(incoming.url ?? '', open.url))
      },
    )
    await using tls = await listening(server)
    const args = ['cat-file', `https://127.0.0.1:${tls.port}/open.git`, 'main', 'a', '--retries', '0']
    const own = ['--cert', admin.cert, '--key', admin.key]
    expect(await gitsync([...args, '--ca-file', ca, ...own])).toMatchObject({ code: 0, out: '1' })
    expect(await gitsync([...args, '--ca-file', ca])).toMatchObject({ code: 7, err: expect.stringContaining('--cert') })
    expect(await gitsync([...args, ...own])).toMatchObject({ code: 7, err: expect.stringContaining('--ca-file') })
  })

  test.each([
    [['--cert', '/nonexistent', '--key', '/nonexistent'], /--cert ".*" cannot be read/],
    [['--cert', '/nonexistent'], /--cert needs --key/],
    [['--key', '/nonexistent'], /--key needs --cert/],
  ])('%j is refused by name', async (args, message) => {
    const ran = await gitsync(['ls-remote', url, ...args])
    expect([ran.code, ran.err]).toEqual([2, expect.stringMatching(message)])
  })
})

describe("git's credential helpers", () => {
  /** A helper that gives a password, and lists what it was asked. */
  async function helper(password: string) {
    const home = await mkdtemp(join(scratch, 'home-'))
    const log = join(home, 'log')
    const script = `!f() { echo "$1" >> ${log}; cat >> ${log}; test "$1" = get && printf 'username=ann\\npassword=${password}\\n'; true; }; f`
    await writeFile(join(home, '.gitconfig'), `[credential]\n\thelper = ${JSON.stringify(script)}\n`)
    const asked = (): Promise<string> => readFile(log, 'utf8').catch(() => '')
    return { env: { HOME: home }, asked }
  }
  const address = (): string => `${closed.url}/closed.git`

  test('are asked when the server asks, and told that it was right', async () => {
    const { env, asked } = await helper(PASSWORD)
    expect(await gitsync(['cat-file', address(), 'main', 'a'], env)).toMatchObject({ code: 0, out: '1' })
    expect(closed.requests.map(({ status }) => status)).toEqual([401, 200, 200, 200])
    await expect.poll(asked).toContain('store\n')
    const { host } = new URL(closed.url)
    const [get = '', store = ''] = (await asked()).split('store\n')
    expect(get).toContain(`get\nprotocol=http\nhost=${host}\n`)
    expect(store).toContain(`username=ann\npassword=${PASSWORD}\n`)
  })

  test('are told that it was wrong; the error tells what to do, and not the password', async () => {
    const { env, asked } = await helper('wr0ng')
    const ran = await gitsync(['ls-remote', address()], env)
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('check user and token') })
    expect(ran.err).not.toContain('wr0ng')
    expect(closed.requests).toHaveLength(2)
    await expect.poll(asked).toContain('erase\n')
  })

  test('are left alone by what is public, and where they are not wanted', async () => {
    const { env, asked } = await helper(PASSWORD)
    expect((await gitsync(['ls-remote', url], env)).code).toBe(0)
    for (const ran of [
      await gitsync(['ls-remote', address(), '--no-credential-helper'], env),
      await gitsync(['ls-remote', address()], { ...env, GITSYNC_NO_CREDENTIAL_HELPER: '1' }),
      await gitsync(['ls-remote', address(), '--token', 'other'], env),
    ]) {
      expect(ran.code).toBe(3)
    }
    expect(await asked()).toBe('')
  })

  test('are not missed', async () => {
    const none = { code: 3, err: expect.stringContaining('none were given') }
    expect(await gitsync(['ls-remote', address()])).toMatchObject(none)
    expect(await gitsync(['ls-remote', address()], { PATH: scratch })).toMatchObject(none)
  })
})

describe('a newcomer is told what to do', () => {
  test('at a page to log in', async () => {
    open.faults.html()
    expect(await gitsync(['ls-remote', url])).toMatchObject({
      code: 7,
      err: expect.stringMatching(/web page.*git clone/),
    })
  })

  test('at a wrong password', async () => {
    const ran = await gitsync(['ls-remote', `${closed.url}/closed.git`, '--user', 'ann', '--token', 'wrong'])
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('check user and token') })
  })

  test('at an address over SSH that cannot be used', async () => {
    const ran = await gitsync(['ls-remote', 'ssh://git@127.0.0.1:1/x.git', '--token', 'x'])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('SSH') })
  })
})
