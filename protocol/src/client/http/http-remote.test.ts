import diagnostics from 'node:diagnostics_channel'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { GitError } from '../../format/errors.ts'
import { resolveLimits } from '../limits.ts'
import type { RequestRecord, UploadPackRequest } from '../remote/remote.ts'
import { bodyChunks } from '../remote/request-body.ts'
import type { AuthContext, Credentials } from './credentials.ts'
import { HttpRemote } from './http-remote.ts'
import type { HttpRemoteOptions } from './http-remote.ts'
import { resolveRetry } from '../remote/retry.ts'
import type { Transport } from './transport.ts'

const ADVERTISEMENT = '/info/refs?service=git-upload-pack'
const BODY = [Buffer.from('0014command=ls-refs\n0000')]
const LS_REFS: UploadPackRequest = { operation: 'ls-refs', version: 2, body: BODY }

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isForeign: boolean
}

interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Default: what Git's protocol demands. */
  readonly type?: string
  readonly body?: string | AsyncIterable<Uint8Array>
}

/** A remote whose server answers by a rule: a reply, or an error of the network. */
function scripted(
  rule: (seen: Seen, index: number) => Reply | Error | undefined,
  options: Partial<HttpRemoteOptions> & { readonly maxRedirects?: number } = {},
) {
  const seen: Seen[] = []
  const records: RequestRecord[] = []
  const pauses: number[] = []
  const transport: Transport = async (request) => {
    const chunks: Uint8Array[] = []
    if (request.body !== undefined) for await (const chunk of bodyChunks(request.body)) chunks.push(chunk)
    const sent = Buffer.concat(chunks)
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString()
    const isForeign = request.isForeign === true
    const one = { method: request.method, url: request.url, headers: request.headers, body, isForeign }
    seen.push(one)
    const reply = rule(one, seen.length - 1) ?? {}
    if (reply instanceof Error) throw reply
    const { status = 200, headers = {}, type = request.headers['accept'] ?? '', body: text = 'ok' } = reply
    const answer = typeof text === 'string' ? once(text) : text
    return { status, headers: { 'content-type': type, ...headers }, body: answer }
  }
  const remote = new HttpRemote({
    url: 'https://git.example/old.git',
    transport,
    limits: resolveLimits(options.maxRedirects === undefined ? {} : { maxRedirects: options.maxRedirects }),
    userAgent: 'git/test',
    requestTimeoutMs: 10_000,
    retry: resolveRetry({
      random: () => 1,
      sleep: (ms) => {
        pauses.push(ms)
        return Promise.resolve()
      },
    }),
    now: () => 0,
    onRequest: (record) => records.push(record),
    ...options,
  })
  const ask = async (asking = remote.uploadPack(LS_REFS)): Promise<string> => {
    const reader = await asking
    await reader.fill(Number.MAX_SAFE_INTEGER)
    return reader.held.toString()
  }
  return { remote, seen, records, pauses, ask }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

const leads = (location: string, status = 302): Reply => ({ status, headers: { location }, body: '' })
const addresses = (seen: readonly Seen[]): string[] => seen.map(({ method, url }) => `${method} ${url}`)
const cut = (): GitError => new GitError('Network', 'cut')

describe('redirects', () => {
  const auth = { bearer: 's3cret' }

  test.each([301, 302, 303, 307, 308])(
    'a discovery follows %d, and later requests go to the new address',
    async (status) => {
      const { remote, seen, ask } = scripted(
        ({ url }) => (url.includes('/old.git') ? leads(`/new.git${ADVERTISEMENT}`, status) : undefined),
        { auth },
      )
      expect(await ask(remote.advertisement('git-upload-pack'))).toBe('ok')
      expect(remote.url).toBe('https://git.example/new.git')
      await ask()
      expect(addresses(seen)).toEqual([
        `GET https://git.example/old.git${ADVERTISEMENT}`,
        `GET https://git.example/new.git${ADVERTISEMENT}`,
        'POST https://git.example/new.git/git-upload-pack',
      ])
      expect(seen.map(({ headers }) => headers['authorization'])).toEqual(Array(3).fill('Bearer s3cret'))
    },
  )

  test.each(['uploadPack', 'receivePack'] as const)(
    'a POST (%s) asks where to first, and is then sent again whole',
    async (name) => {
      const service = name === 'uploadPack' ? 'git-upload-pack' : 'git-receive-pack'
      const { remote, seen, ask, records } = scripted(({ method, url }) => {
        if (!url.includes('/old.git')) return undefined
        return leads(method === 'POST' ? `/new.git/${service}` : `/new.git/info/refs?service=${service}`, 308)
      })
      expect(await ask(name === 'uploadPack' ? remote.uploadPack(LS_REFS) : remote.receivePack(BODY))).toBe('ok')
      expect(addresses(seen)).toEqual([
        `POST https://git.example/old.git/${service}`,
        `GET https://git.example/old.git/info/refs?service=${service}`,
        `GET https://git.example/new.git/info/refs?service=${service}`,
        `POST https://git.example/new.git/${service}`,
      ])
      expect(seen[3]?.body).toBe(seen[0]?.body)
      expect(records.map(({ status }) => status)).toEqual([308, 308, 200, 200])
      expect(remote.traffic.requests).toBe(4)
    },
  )

  test('a POST is sent nowhere when the discovery stays where it was', async () => {
    const { seen, ask } = scripted(({ method }) => (method === 'POST' ? leads('https://evil.example/x') : undefined))
    await expect(ask()).rejects.toMatchObject({ code: 'Redirected', details: { actual: 'https://evil.example/x' } })
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET'])
  })

  test('a POST that is led on at the new address too is an error', async () => {
    const { seen, ask } = scripted(({ method, url }) => {
      if (method === 'POST') return leads('https://git.example/further/git-upload-pack')
      return url.includes('/old.git') ? leads(`/new.git${ADVERTISEMENT}`) : undefined
    })
    await expect(ask()).rejects.toMatchObject({ code: 'Redirected' })
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'POST'])
  })

  test.each(['https://other.example/x', 'https://git.example:8443/x'])(
    'credentials do not go to %s; a 401 says so',
    async (base) => {
      const { remote, seen, ask } = scripted(
        ({ url }) => (url.startsWith(base) ? { status: 401 } : leads(base + ADVERTISEMENT)),
        { auth: () => Promise.resolve(auth) },
      )
      await expect(ask(remote.advertisement('git-upload-pack'))).rejects.toMatchObject({
        code: 'Unauthorized',
        message: expect.stringContaining('not sent to another origin'),
      })
      expect(seen.map(({ headers }) => headers['authorization'])).toEqual(['Bearer s3cret', undefined])
      expect(remote.url).toBe('https://git.example/old.git')
    },
  )

  test('what another origin gives without credentials is taken, and the way back has them again', async () => {
    const { remote, seen, ask } = scripted(
      ({ url }) => {
        if (url.includes('/old.git')) return leads(`https://other.example/x${ADVERTISEMENT}`)
        return url.startsWith('https://other.example')
          ? leads(`https://git.example/new.git${ADVERTISEMENT}`)
          : undefined
      },
      { auth },
    )
    await ask(remote.advertisement('git-upload-pack'))
    expect(seen.map(({ headers }) => headers['authorization'] !== undefined)).toEqual([true, false, true])
    expect(seen.map(({ isForeign }) => isForeign)).toEqual([false, true, false])
  })

  test.each([
    ['a circle of two', (url: string) => (url.includes('/a') ? '/b' : '/a'), /circle/, 3],
    ['itself', () => '/old.git', /circle/, 1],
    ['no end', (url: string) => `${URL.parse(url)?.pathname.split('/info')[0]}x`, /more than 5 redirects/, 6],
  ])('%s is cut short', async (_what, next, message, requests) => {
    const { remote, seen, ask } = scripted(({ url }) => leads(next(url) + ADVERTISEMENT))
    await expect(ask(remote.advertisement('git-upload-pack'))).rejects.toMatchObject({
      code: 'Redirected',
      message: expect.stringMatching(message),
    })
    expect(seen).toHaveLength(requests)
  })

  test('none is followed when none may be', async () => {
    const { remote, seen, ask } = scripted(() => leads(`/new.git${ADVERTISEMENT}`), { maxRedirects: 0 })
    for (const asking of [remote.advertisement('git-upload-pack'), remote.uploadPack(LS_REFS)]) {
      await expect(ask(asking)).rejects.toMatchObject({ code: 'Redirected' })
    }
    expect(seen).toHaveLength(2)
  })

  test('an address is learned only where there is Git', async () => {
    const { remote, ask } = scripted(({ url }) =>
      url.includes('/old.git') ? leads(`https://other.example/x${ADVERTISEMENT}`) : { type: 'text/html' },
    )
    await expect(ask(remote.advertisement('git-upload-pack'))).rejects.toMatchObject({ code: 'NotGit' })
    expect(remote.url).toBe('https://git.example/old.git')
  })
})

describe('retries', () => {
  const failing = (times: number, failure: () => Reply | Error) =>
    scripted((_seen, index) => (index < times ? failure() : undefined))

  test('what may pass is asked again, after pauses', async () => {
    const { ask, seen, pauses, records } = failing(2, cut)
    expect(await ask()).toBe('ok')
    expect(pauses).toEqual([200, 400])
    expect(seen.map(({ body }) => body)).toEqual(Array(3).fill(BODY.join('')))
    expect(records.map(({ attempt, status, error }) => [attempt, status, error])).toEqual([
      [1, 0, 'Network'],
      [2, 0, 'Network'],
      [3, 200, undefined],
    ])
  })

  test('what the server asks to wait is waited', async () => {
    const { ask, pauses } = failing(1, () => ({ status: 429, headers: { 'retry-after': '7' } }))
    expect(await ask()).toBe('ok')
    expect(pauses).toEqual([7200])
  })

  test('the last try tells its error', async () => {
    const { ask, seen } = failing(9, () => ({ status: 503, type: 'text/plain', body: 'down' }))
    await expect(ask()).rejects.toMatchObject({ code: 'ServerError', details: { status: 503, remote: ['down'] } })
    expect(seen).toHaveLength(3)
  })

  test.each([cut, () => ({ status: 503, headers: { 'retry-after': '1' } }), () => ({ status: 429 })])(
    'a push is one try: %s',
    async (failure) => {
      const { remote, ask, seen } = failing(1, failure)
      await expect(ask(remote.receivePack(BODY))).rejects.toMatchObject({ name: 'GitError' })
      expect(seen).toHaveLength(1)
    },
  )

  test('an answer that is cut before its first byte is asked for again, a later cut is not mended', async () => {
    async function* cutAfter(text: string): AsyncGenerator<Uint8Array> {
      if (text !== '') yield Buffer.from(text)
      throw cut()
    }
    const early = failing(1, () => ({ body: cutAfter('') }))
    expect(await early.ask()).toBe('ok')
    const late = failing(1, () => ({ body: cutAfter('begin') }))
    await expect(late.ask()).rejects.toMatchObject({ code: 'Network' })
    expect(late.seen).toHaveLength(1)
    expect(late.records).toMatchObject([{ status: 200, error: 'Network', bytesReceived: 5 }])
  })

  test('an abort ends the pause', async () => {
    const stop = new AbortController()
    const { ask } = scripted(
      () => {
        setImmediate(() => {
          stop.abort()
        })
        return cut()
      },
      { retry: resolveRetry({ baseMs: 600_000, maxMs: 600_000, random: () => 1 }), signal: stop.signal },
    )
    await expect(ask()).rejects.toMatchObject({ code: 'Aborted' })
  })
})

describe('credentials', () => {
  const callback = (...answers: (Credentials | undefined)[]) => {
    const asked: AuthContext[] = []
    return {
      asked,
      auth: (context: AuthContext): Promise<Credentials | undefined> => {
        asked.push(context)
        return Promise.resolve(answers[asked.length - 1])
      },
    }
  }
  const wants =
    (token: string) =>
    (seen: Seen): Reply | undefined =>
      seen.headers['authorization'] === `Bearer ${token}`
        ? undefined
        : { status: 401, type: 'text/plain', body: 'bad old' }

  test('a 401 asks for others, and the request is made again with its body; they are kept', async () => {
    const { auth, asked } = callback({ bearer: 'old' }, { bearer: 'new' })
    const { remote, seen, ask } = scripted(wants('new'), { auth })
    expect(await ask(remote.receivePack(BODY))).toBe('ok')
    expect(await ask()).toBe('ok')
    expect(asked).toEqual([
      { url: 'https://git.example/old.git', rejected: false, signal: expect.any(AbortSignal) },
      { url: 'https://git.example/old.git', rejected: true, signal: expect.any(AbortSignal) },
    ])
    expect(seen.map(({ body }) => body)).toEqual(Array(3).fill(BODY.join('')))
  })

  test('a callback that never answers fails its request only, and hears when nobody waits any more', async () => {
    const asked: AuthContext[] = []
    const auth = (context: AuthContext): Promise<Credentials> => {
      asked.push(context)
      return asked.length === 1 ? new Promise(() => undefined) : Promise.resolve({ bearer: 'new' })
    }
    const { ask } = scripted(wants('new'), { auth, requestTimeoutMs: 20 })
    await expect(ask()).rejects.toMatchObject({ code: 'Timeout', details: { limit: 'requestTimeoutMs' } })
    expect(await ask()).toBe('ok')
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
  })

  test('a second 401 is the end, and tells no credential', async () => {
    const { auth } = callback({ bearer: 'old' }, { bearer: 'older' })
    const { seen, ask } = scripted(wants('new'), { auth })
    await expect(ask()).rejects.toMatchObject({ code: 'Unauthorized', details: { remote: ['bad ***'] } })
    expect(seen).toHaveLength(2)
  })

  test('no other credentials, no second request', async () => {
    const { auth, asked } = callback(undefined, undefined)
    const { seen, ask } = scripted(wants('new'), { auth })
    await expect(ask()).rejects.toMatchObject({
      code: 'Unauthorized',
      message: expect.stringContaining('none were given'),
    })
    expect([seen.length, asked.length]).toEqual([1, 2])
  })

  test('of many requests refused at once one asks', async () => {
    const { auth, asked } = callback({ bearer: 'old' }, { bearer: 'new' })
    const { seen, ask } = scripted(wants('new'), { auth })
    await Promise.all([ask(), ask(), ask()])
    expect(asked).toHaveLength(2)
    expect(seen).toHaveLength(6)
  })

  test('a callback that never answers is waited for as long as a request', async () => {
    const { ask } = scripted(() => undefined, { auth: () => new Promise(() => undefined), requestTimeoutMs: 50 })
    await expect(ask()).rejects.toMatchObject({ code: 'Timeout', details: { limit: 'requestTimeoutMs' } })
  })
})

describe('compressed bodies', () => {
  const large = [Buffer.from('0032want 0000\n'.repeat(200))]
  const question: UploadPackRequest = { operation: 'fetch', version: 2, body: large }

  test('long questions are sent compressed, packs never', async () => {
    const { remote, seen, ask } = scripted(() => undefined)
    await ask(remote.uploadPack(question))
    await ask(remote.receivePack(large))
    await ask()
    expect(seen.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined, undefined])
    expect(seen[0]?.body).toBe(large.join(''))
    expect(remote.traffic.bytesSent).toBeLessThan(4000)
  })

  test.each([400, 415])('a server that answers %d gets them plain from then on', async (status) => {
    const { remote, seen, ask } = scripted(({ headers }) => (headers['content-encoding'] ? { status } : undefined))
    for (let i = 0; i < 2; i++) expect(await ask(remote.uploadPack(question))).toBe('ok')
    expect(seen.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip', undefined, undefined])
  })

  test('a 400 that has another reason teaches nothing', async () => {
    const { remote, seen, ask } = scripted((_seen, index) => (index < 2 ? { status: 400 } : undefined))
    await expect(ask(remote.uploadPack(question))).rejects.toMatchObject({ code: 'NotGit', details: { status: 400 } })
    await ask(remote.uploadPack(question))
    expect(seen[2]?.headers['content-encoding']).toBe('gzip')
  })
})

describe('what is told', () => {
  test('of each request: what it was for, where it went, how it ended', async () => {
    const { remote, ask, records } = scripted(() => undefined, { auth: { bearer: 'old' } })
    await ask(remote.advertisement('git-upload-pack'))
    await ask()
    await ask(remote.uploadPack({ operation: 'object-info', version: 2, body: [Buffer.from('size')] }))
    await ask(remote.uploadPack({ operation: 'fetch', version: 0, body: [Buffer.from('0032want ')] }))
    await ask(remote.receivePack(BODY))
    expect(records.map(({ operation }) => operation)).toEqual(['discover', 'ls-refs', 'object-info', 'fetch', 'push'])
    expect(records[1]).toEqual({
      operation: 'ls-refs',
      method: 'POST',
      url: 'https://git.example/***.git/git-upload-pack',
      path: '/git-upload-pack',
      attempt: 1,
      authenticated: true,
      status: 200,
      bytesSent: 24,
      bytesReceived: 2,
      milliseconds: expect.any(Number),
    })
    expect(remote.traffic).toEqual({ requests: 5, bytesSent: 24 + 4 + 9 + 24, bytesReceived: 10 })
  })

  test('the version of the protocol is asked for where the body is written in it', async () => {
    const { remote, ask, seen } = scripted(() => undefined)
    await ask()
    await ask(remote.uploadPack({ ...LS_REFS, version: 0 }))
    expect(seen.map(({ headers }) => headers['git-protocol'])).toEqual(['version=2', undefined])
  })

  test('who watches cannot make a request fail: the error is theirs', async () => {
    const thrown: unknown[] = []
    vi.stubGlobal('queueMicrotask', (task: () => void) => {
      expect(task).toThrowError('the meter broke')
      thrown.push(task)
    })
    const onRequest = (): void => {
      throw new Error('the meter broke')
    }
    const { remote, ask } = scripted(() => undefined, { onRequest })
    expect(await ask(remote.receivePack(BODY))).toBe('ok')
    vi.unstubAllGlobals()
    expect(thrown).toHaveLength(1)
    expect(remote.traffic.requests).toBe(1)
  })

  test('to subscribers of the diagnostics channels', async () => {
    const heard: string[] = []
    const listeners = ['start', 'end', 'error'].map((event) => {
      const listener = (message: unknown): void => {
        const { status, error } = message as RequestRecord
        heard.push([event, status, error].join(' ').trim())
      }
      diagnostics.subscribe(`gitsync:request:${event}`, listener)
      return () => diagnostics.unsubscribe(`gitsync:request:${event}`, listener)
    })
    try {
      const { ask } = scripted((_seen, index) => (index === 0 ? cut() : undefined))
      await ask()
      expect(heard).toEqual(['start', 'error 0 Network', 'end 0 Network', 'start', 'end 200'])
    } finally {
      for (const stop of listeners) stop()
    }
  })

  test('a web page is called one', async () => {
    const { ask } = scripted(() => ({ type: 'text/html; charset=utf-8', body: '<html>' }))
    await expect(ask()).rejects.toMatchObject({ code: 'NotGit', message: expect.stringMatching(/web page.*git clone/) })
  })

  test.each([
    [
      { status: 400, type: 'text/plain', body: 'Client sent an HTTP request to an HTTPS server.' },
      'NotGit',
      /https:\/\//,
    ],
    [
      { status: 400, type: 'text/html', body: '<title>The plain HTTP request was sent to HTTPS port' },
      'NotGit',
      /https:\/\//,
    ],
    [{ status: 400, type: 'text/html', body: '<h1>No required SSL certificate was sent' }, 'NotGit', /cert and key/],
    [{ status: 401 }, 'Unauthorized', /none were given.*auth/],
    [{ status: 403 }, 'Forbidden', /right/],
  ])('%o says what to do', async (reply, code, message) => {
    const { ask } = scripted(() => reply)
    await expect(ask()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
