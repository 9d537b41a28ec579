import { isGitError, openRepository, undiciTransport } from '@gitsync/protocol'
import type { Repository, RepositoryOptions } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import { objectId, SHA1 } from '../../../protocol/src/format/object-id.ts'
import { writePack } from '../../../protocol/src/format/pack-writer.ts'
import type { PackEntry } from '../../../protocol/src/format/pack-writer.ts'
import { serializeCommit } from '../../../protocol/src/format/commit.ts'
import { Mode, serializeTree } from '../../../protocol/src/format/tree.ts'
import type { TreeEntry } from '../../../protocol/src/format/tree.ts'
import { author, useRemote } from './fixture.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'
import type { Asked, Reply, ScriptedServer } from './scripted-server.ts'

const remote = useRemote()
const limits = {
  maxResponseBytes: 4 << 20,
  maxObjectBytes: 1 << 20,
  maxHeldBytes: 8 << 20,
  maxObjects: 100_000,
  maxRefs: 10_000,
}
const TIP = 'c'.repeat(40)
const REFS: Reply = {
  body: Buffer.concat([
    packet(`${TIP} HEAD symref-target:refs/heads/main\n`),
    packet(`${TIP} refs/heads/main\n`),
    FLUSH,
  ]),
}

const open = (server: ScriptedServer, options: RepositoryOptions = {}): Repository =>
  openRepository(server.url, { limits, ...options })

async function* repeated(first: Uint8Array, chunk: Uint8Array, sent = { bytes: 0 }): AsyncGenerator<Uint8Array> {
  yield first
  for (; ; sent.bytes += chunk.length) yield chunk
}

/** A server with ordinary refs whose answers to every fetch are these. */
const fetching = (reply: () => Reply): Promise<ScriptedServer> =>
  scriptedServer(({ lines }: Asked) => (lines[0] === 'command=ls-refs' ? REFS : reply()))

const packed = (...parts: Uint8Array[]): Reply => ({
  body: Buffer.concat([packet('packfile\n'), ...parts.map((part) => band(1, part)), FLUSH]),
})

describe('endless answers stop at a limit that the error names', () => {
  test('refs', async () => {
    const chunk = packet(`${TIP} refs/heads/x\n`)
    const sent = { bytes: 0 }
    await using server = await scriptedServer(() => ({
      body: repeated(Buffer.alloc(0), Buffer.concat(Array.from({ length: 20 }, () => chunk)), sent),
    }))
    await expect(open(server).refs()).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit: 'maxRefs' } })
    expect(sent.bytes).toBeLessThan(64 << 20)
  })

  test.each([
    ['progress', Buffer.concat([packet('packfile\n')]), band(2, 'x'.repeat(50_000))],
    [
      'empty side-band packets',
      Buffer.concat([packet('packfile\n')]),
      Buffer.concat(Array.from({ length: 10_000 }, () => band(1, ''))),
    ],
    ['lines before the pack', Buffer.alloc(0), packet(`shallow ${TIP}\n`.padEnd(60_000, ' '))],
  ])('%s', async (_what, first, chunk) => {
    await using server = await fetching(() => ({ body: repeated(first, chunk) }))
    await expect(open(server).tree('main')).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxResponseBytes' },
    })
  })

  test('an error page', async () => {
    await using server = await scriptedServer(() => ({
      status: 500,
      type: 'text/plain',
      body: repeated(Buffer.from('sorry\n'), Buffer.alloc(10_000, 'x')),
    }))
    await expect(open(server).refs()).rejects.toMatchObject({ code: 'ServerError', details: { status: 500 } })
  })

  test('a report of a push', async () => {
    const store = await remote.fresh()
    await using server = await scriptedServer(
      ({ service }) =>
        service === 'receive-pack' ? { body: repeated(Buffer.alloc(0), band(2, 'x'.repeat(50_000))) } : undefined,
      store.url,
    )
    const edit = await open(server).edit('main')
    edit.put('a', '1')
    await edit.commit({ message: 'm', author })
    await expect(edit.push()).rejects.toMatchObject({ code: 'LimitExceeded' })
  })
})

describe('names of refs go on to other servers: what Git forbids is no name', () => {
  test.each([
    ['NUL, where capabilities begin', `${TIP} refs/heads/x\0force\n`],
    ['a way out', `${TIP} refs/heads/../x\n`],
    ['a tab', `${TIP} refs/heads/a\tb\n`],
    ['no end', `${TIP} refs/heads/${'x'.repeat(60_000)}\n`],
    ['a symbolic ref to no name', `${TIP} HEAD symref-target:refs/heads/\0\n`],
    ['a tag of no object', `${TIP} refs/tags/x peeled:main\n`],
    ['ids of two lengths', `${TIP} refs/heads/x\n${'d'.repeat(64)} refs/heads/y\n`],
  ])('%s', async (_what, text) => {
    const lines = text.split(/(?<=\n)/).map((line) => packet(line))
    await using server = await scriptedServer(({ method }) => ({
      body: Buffer.concat([...(method === 'GET' ? [packet('version 2\n'), packet('ls-refs\n')] : lines), FLUSH]),
    }))
    await expect(open(server).refs()).rejects.toMatchObject({ code: 'Malformed' })
  })
})

describe('sizes that are only claimed', () => {
  const head = (count: number): Buffer => {
    const bytes = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
    bytes.writeUInt32BE(count, 8)
    return bytes
  }
  test.each([
    ['objects', 'maxObjects', head(0xffffffff)],
    [
      'bytes of an object',
      'maxObjectBytes',
      Buffer.concat([head(1), Buffer.from([0x9f, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
    ],
    [
      'bytes of a file that nobody wants',
      'maxBlobBytes',
      Buffer.concat([head(1), Buffer.from([0xbf, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
    ],
  ])('%s', async (_what, limit, start) => {
    await using server = await fetching(() => packed(start))
    await expect(open(server).tree('main')).rejects.toMatchObject({ code: 'LimitExceeded', details: { limit } })
  })
})

describe('objects that are not what was wanted', () => {
  const pack = (entries: PackEntry[]): Reply => packed(...writePack(entries, SHA1))
  test.each([
    ['nothing', []],
    [
      'another object',
      [
        {
          type: 'commit',
          bytes: serializeCommit({ tree: SHA1.emptyTree, parents: [], author, committer: author, message: 'm' }),
        },
      ],
    ],
    ['many others', Array.from({ length: 1000 }, (_, i) => ({ type: 'blob', bytes: Buffer.from(String(i)) }))],
  ] as [string, PackEntry[]][])('%s', async (_what, entries) => {
    await using server = await fetching(() => pack(entries))
    await expect(open(server).tree('main')).rejects.toMatchObject({ code: 'ObjectMissing', details: { oid: TIP } })
    expect(server.asked.length).toBeLessThan(8)
  })
})

describe('answers that are not Git', () => {
  test.each([
    ['a page', 'text/html', '<html>', 'NotGit'],
    ['the wrong service', 'application/x-git-receive-pack-result', FLUSH, 'NotGit'],
    ['no content type', null, FLUSH, 'NotGit'],
    ['a page under the right type', undefined, '<html>', 'Malformed'],
    ['a line that is no ref', undefined, packet('hello\n'), 'Malformed'],
    ['an oid that is none', undefined, packet('zzzz refs/heads/main\n'), 'Malformed'],
  ] as const)('%s', async (_what, type, body, code) => {
    await using server = await scriptedServer(() => ({ ...(type === undefined ? {} : { type }), body }))
    await expect(open(server).refs()).rejects.toMatchObject({ code })
  })
})

describe('slow servers', () => {
  const silence = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('00')
    await new Promise(() => undefined)
  }
  /** Time itself is the subject: each byte comes before silence is a timeout. */
  const drip = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.from('1')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  test('silence in the middle of an answer is a timeout', async () => {
    await using server = await scriptedServer(() => ({ body: silence() }))
    await expect(open(server, { transport: undiciTransport({ timeoutMs: 300 }) }).refs()).rejects.toMatchObject({
      code: 'Timeout',
    })
  })

  test('silence before an answer is a timeout', async () => {
    await using server = await scriptedServer(() => new Promise<never>(() => undefined))
    await expect(open(server, { transport: undiciTransport({ timeoutMs: 300 }) }).refs()).rejects.toMatchObject({
      code: 'Timeout',
    })
  })

  test.each([
    ['of an answer', () => ({ body: drip() })],
    ['under another content type', () => ({ type: 'text/html', status: 500, body: drip() })],
  ])('a drip %s is over when the time of the request is', async (_what, reply) => {
    await using server = await scriptedServer(reply)
    const began = performance.now()
    const error = await open(server, { requestTimeoutMs: 300 })
      .refs()
      .catch((e: unknown) => e)
    expect(isGitError(error, 'Timeout', 'ServerError'), String(error)).toBe(true)
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('the time of a request includes the wait for its headers, and stands beside the signal of the caller', async () => {
    await using server = await scriptedServer(() => new Promise<never>(() => undefined))
    const patience = new AbortController()
    const asked = { requestTimeoutMs: 200, signal: patience.signal }
    await expect(open(server, asked).refs()).rejects.toMatchObject({
      code: 'Timeout',
      details: { limit: 'requestTimeoutMs', expected: 200 },
    })
    const asking = open(server, { ...asked, requestTimeoutMs: 60_000 }).refs()
    await expect.poll(() => server.asked.length).toBe(2)
    patience.abort()
    await expect(asking).rejects.toMatchObject({ code: 'Aborted' })
    await expect(open(server, asked).refs()).rejects.toMatchObject({ code: 'Aborted' })
  })

  test('an answer that is no Git is not waited for', async () => {
    await using server = await scriptedServer(() => ({ type: 'text/html', body: drip() }))
    const seen: number[] = []
    const options: RepositoryOptions = { onRequest: ({ status }) => seen.push(status) }
    await expect(open(server, options).refs()).rejects.toMatchObject({ code: 'NotGit' })
    expect(seen).toEqual([200])
    await expect.poll(() => server.connections()).toBe(0)
  })

  test.each([0, -1, 1.5, 2 ** 31, Number.NaN])('requestTimeoutMs %d is refused', (requestTimeoutMs) => {
    expect(() => openRepository('http://127.0.0.1/x', { requestTimeoutMs })).toThrowError(
      expect.objectContaining({
        code: 'InvalidInput',
        details: { field: 'requestTimeoutMs', actual: requestTimeoutMs },
      }),
    )
  })

  test('a drip that never falls silent is ended by a deadline, or by whoever lost patience', async () => {
    await using server = await scriptedServer(() => ({ body: drip() }))
    await expect(open(server, { signal: AbortSignal.timeout(200) }).refs()).rejects.toMatchObject({ code: 'Timeout' })
    const patience = new AbortController()
    const asking = open(server, { signal: patience.signal }).refs()
    await expect.poll(() => server.asked.length).toBe(2)
    patience.abort()
    await expect(asking).rejects.toMatchObject({ code: 'Aborted' })
  })
})

describe('servers that send back what they were sent', () => {
  const auth = { username: 'ann', password: 's3cret' }
  const basic = Buffer.from('ann:s3cret').toString('base64')
  const echo = `Basic ${basic}, ann:s3cret, s3cret`
  const clean = 'Basic ***, ***, ***'
  const told = (error: unknown): string =>
    isGitError(error) ? JSON.stringify([error.message, error.details]) : `no GitError: ${String(error)}`

  test.each([
    ['the body of a 401', { status: 401, type: 'text/plain', body: echo }, 'Unauthorized'],
    ['the body of a 503', { status: 503, type: 'text/plain', body: echo }, 'ServerError'],
    ['a content type', { type: `text/${basic}`, body: '' }, 'NotGit'],
    ['an ERR packet', { body: Buffer.concat([packet(`ERR ${echo}\n`), FLUSH]) }, 'Unsupported'],
    ['a line that is no ref', { body: Buffer.concat([packet(`${echo}\n`), FLUSH]) }, 'Malformed'],
  ])('%s', async (_what, reply: Reply, code) => {
    await using server = await scriptedServer(({ path }, _forward) =>
      path === '/info/refs' ? { body: Buffer.concat([packet('version 2\n'), FLUSH]) } : reply,
    )
    const error = await open(server, { auth })
      .refs()
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code })
    expect(told(error)).toContain('***')
    expect(told(error)).not.toMatch(new RegExp(`s3cret|${basic}`))
  })

  test('a secret at the place where the excerpt is cut', async () => {
    const bearer = 'zqx'.repeat(100)
    await using server = await scriptedServer(() => ({ status: 401, type: 'text/plain', body: bearer.repeat(20) }))
    const error = await open(server, { auth: { bearer } })
      .refs()
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'Unauthorized' })
    expect(told(error)).not.toContain('zqx')
  })

  test.each([
    [
      'a hook, in two packets',
      [band(2, echo.slice(0, -3)), band(2, `${echo.slice(-3)}\n`), band(1, 'REPORT')],
      'Rejected',
      `denied ${clean}`,
    ],
    ['the channel of fatal errors', [band(3, echo)], 'ServerError', clean],
  ] as const)('%s', async (_what, packets, code, text) => {
    const store = await remote.fresh()
    const report = Buffer.concat([packet('unpack ok\n'), packet(`ng refs/heads/main denied ${echo}\n`), FLUSH])
    await using server = await scriptedServer(
      ({ service }) =>
        service === 'receive-pack'
          ? {
              body: Buffer.concat([...packets.map((one) => (one.includes('REPORT') ? band(1, report) : one)), FLUSH]),
            }
          : undefined,
      store.url,
    )
    const edit = await open(server, { auth }).edit('main')
    edit.put('a', '1')
    await edit.commit({ message: 'm', author })
    const error = await edit.push().catch((e: unknown) => e)
    expect(error).toMatchObject({ code })
    expect(told(error)).toContain(text)
    expect(told(error)).not.toMatch(new RegExp(`s3cret|${basic}`))
    if (code === 'Rejected') expect(error).toMatchObject({ details: { remote: [text, clean] } })
  })

  test('messages of a push that went well', async () => {
    const store = await remote.fresh()
    await using server = await scriptedServer(async ({ service }, forward) => {
      if (service !== 'receive-pack') return undefined
      return { body: Buffer.concat([band(2, `${echo}\n`), await forward()]) }
    }, store.url)
    const edit = await open(server, { auth }).edit('main')
    edit.put('a', '1')
    await edit.commit({ message: 'm', author })
    expect(await edit.push()).toMatchObject({ status: 'pushed', messages: [clean] })
  })
})

describe('names and shapes of trees', () => {
  /** A commit whose trees git itself would refuse to make. */
  async function crafted(entries: readonly PackEntry[], root: string) {
    const store = await remote.fresh()
    const commit = serializeCommit({ tree: root, parents: [], author, committer: author, message: 'm' })
    const input = Buffer.concat(writePack([...entries, { type: 'commit', bytes: commit }], SHA1))
    await store.gitWith({ input }, 'index-pack', '--stdin')
    await store.git('update-ref', 'refs/heads/main', objectId(SHA1, 'commit', commit))
    return { store, repo: openRepository(store.url) }
  }
  const treeOf = (entries: readonly TreeEntry[]): { entry: PackEntry; oid: string } => {
    const bytes = serializeTree(entries)
    return { entry: { type: 'tree', bytes }, oid: objectId(SHA1, 'tree', bytes) }
  }

  test('names that lead elsewhere are data in a listing, and paths to nothing', async () => {
    const names = ['..', '.', '.git', '.GIT', 'a/b', '/etc', 'con', '\u0001', 'x']
    const bytes = Buffer.from('evil')
    const oid = objectId(SHA1, 'blob', bytes)
    const root = treeOf(names.map((rawName) => ({ mode: Mode.file, rawName, oid })))
    const { store, repo } = await crafted([{ type: 'blob', bytes }, root.entry], root.oid)
    expect((await repo.tree('main', { recursive: true })).map(({ path }) => path).sort()).toEqual([...names].sort())
    for (const path of ['..', './x', '.git', '.GIT', '/etc', 'x/..']) {
      await expect(repo.file('main', path)).rejects.toMatchObject({ code: 'InvalidInput' })
    }
    await expect(repo.file('main', 'a/b')).rejects.toMatchObject({ code: 'PathNotFound' })

    const edit = await repo.edit('main')
    edit.put('x', 'mine')
    await edit.commit({ message: 'm', author })
    await edit.push()
    expect((await store.git('ls-tree', '-z', '--name-only', 'main')).split('\0').filter(Boolean).sort()).toEqual(
      [...names].sort(),
    )
  })

  test('few trees that stand for billions of files stop at a limit', async () => {
    const bytes = Buffer.from('x')
    let below = { mode: Mode.file as number, oid: objectId(SHA1, 'blob', bytes) }
    const entries: PackEntry[] = [{ type: 'blob', bytes }]
    for (let level = 0; level < 10; level++) {
      const tree = treeOf(Array.from({ length: 10 }, (_, i) => ({ ...below, rawName: `f${i}` })))
      entries.push(tree.entry)
      below = { mode: Mode.tree, oid: tree.oid }
    }
    const { repo } = await crafted(entries, below.oid)
    await expect(repo.tree('main', { recursive: true })).rejects.toMatchObject({
      code: 'LimitExceeded',
      details: { limit: 'maxEntries' },
    })
  })

  test('folders in folders without end stop at a limit, not at the end of the stack', async () => {
    let oid: string = SHA1.emptyTree
    const entries: PackEntry[] = [{ type: 'tree', bytes: Buffer.alloc(0) }]
    for (let level = 0; level < 20_000; level++) {
      const tree = treeOf([{ mode: Mode.tree, rawName: 'd', oid }])
      entries.push(tree.entry)
      oid = tree.oid
    }
    const commit = serializeCommit({ tree: oid, parents: [], author, committer: author, message: 'm' })
    const tip = objectId(SHA1, 'commit', commit)
    const body = Buffer.concat(writePack([...entries, { type: 'commit', bytes: commit }], SHA1))
    await using server = await scriptedServer(({ lines }) => {
      if (lines[0] === 'command=ls-refs') return { body: Buffer.concat([packet(`${tip} refs/heads/main\n`), FLUSH]) }
      const pieces = Array.from({ length: Math.ceil(body.length / 60_000) }, (_, i) =>
        body.subarray(i * 60_000, (i + 1) * 60_000),
      )
      return packed(...pieces)
    })
    const repo = open(server)
    const error = await repo.tree('main', { recursive: true }).catch((e: unknown) => e)
    expect(isGitError(error, 'LimitExceeded'), String(error)).toBe(true)
    const edit = await repo.edit('main')
    edit.put('x', '1')
    expect(await edit.commit({ message: 'm', author })).not.toBeNull()
    expect((await edit.push({ dryRun: true })).status).toBe('dry-run')
  })
})
