import { openRepository } from '@gitsync/protocol'
import { describe, expect, test } from 'vitest'
import { author, changeFile, FILES, useRemote } from './fixture.ts'
import {
  bareAdvertisement,
  fewFilters,
  filterOf,
  isFetch,
  isLsRefs,
  noFilters,
  noThinPacks,
  onlyWants,
  refused,
  wantsOf,
} from './quirk-rules.ts'
import { band, FLUSH, packet, scriptedServer } from './scripted-server.ts'
import type { Rule } from './scripted-server.ts'

const { fresh } = useRemote()

describe('servers that allow less', () => {
  const rules: Record<string, (tip: string) => Rule> = {
    'combine is an invalid filter, and tree:0 sends nothing': () => fewFilters,
    'tree filters are refused': () => (asked) =>
      filterOf(asked)?.includes('tree:') ? refused('filter not supported') : undefined,
    'every filter is refused with ERR': () => noFilters,
    'every filter is refused with an empty answer': () => (asked) =>
      filterOf(asked) === undefined ? undefined : { body: '' },
    'only what refs point to may be wanted': (tip) => onlyWants(new Set([tip])),
    'neither filters nor other wants': (tip) => (asked) =>
      filterOf(asked) !== undefined || wantsOf(asked).some((oid) => oid !== tip) ? refused('no') : undefined,
  }
  test.each(Object.keys(rules))(
    '%s: everything is read and edited all the same, and what was learned is kept',
    async (name) => {
      const store = await fresh(FILES)
      const tip = (await store.resolve('main')) ?? ''
      const rule = rules[name] as (tip: string) => Rule
      await using server = await scriptedServer(rule(tip), store.url)
      const repo = openRepository(server.url)
      expect((await repo.tree('main', { path: 'a/b' })).map(({ path }) => path)).toEqual(['a/b/c'])
      expect((await repo.tree('main', { recursive: true })).map(({ path }) => path)).toEqual(Object.keys(FILES).sort())
      expect((await repo.files('main', ['a/x', 'a/b/c/d'])).map(({ bytes }) => bytes.toString())).toEqual(['x', '1'])

      const notPushed = await repo.edit('main')
      notPushed.put('a/b/c/d', 'x')
      await notPushed.commit({ message: 'm', author })

      const filtersTried = server.asked.filter((asked) => isFetch(asked) && filterOf(asked) !== undefined).length
      const before = server.asked.length
      const commit = await changeFile(repo, 'a/b/c/d', '2')
      const refusals = server.asked
        .slice(before)
        .filter((asked) => isFetch(asked) && rule(tip)(asked, () => Promise.reject(new Error())) !== undefined)
      expect(refusals, `of ${filtersTried} filters`).toEqual([])
      expect(await store.resolve('main')).toBe(commit)
      expect((await store.readFile('main', 'a/b/c/d')).toString()).toBe('2')
      await store.fsck()
    },
  )

  test('no unborn, no object-format, no agent, and unborn is an error; the advertisement begins with the service', async () => {
    const empty = await fresh()
    await using server = await scriptedServer(bareAdvertisement, empty.url)
    const repo = openRepository(server.url)
    expect(await repo.head()).toBeNull()
    const commit = await changeFile(repo, 'first', '1')
    expect(await empty.resolve('main')).toBe(commit)
    expect(server.asked.filter(({ method }) => method === 'GET')).toHaveLength(1)
    expect(await repo.head()).toEqual({ branch: 'refs/heads/main', oid: commit })
    await expect(repo.edit('typo')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  test('without unborn and with a HEAD that leads nowhere, a branch that does not exist is not made up', async () => {
    const store = await fresh(FILES)
    await store.git('symbolic-ref', 'HEAD', 'refs/heads/gone')
    const rule: Rule = (asked) => {
      if (asked.method === 'GET')
        return { body: Buffer.concat([packet('version 2\n'), packet('ls-refs\n'), packet('fetch\n'), FLUSH]) }
      return isLsRefs(asked) && asked.lines.includes('unborn') ? refused('unborn') : undefined
    }
    await using server = await scriptedServer(rule, store.url)
    await expect(openRepository(server.url).edit('typo')).rejects.toMatchObject({ code: 'RefNotFound' })
  })

  test('an ERR in place of the advertisement is the error, in the words of the server', async () => {
    await using server = await scriptedServer(() => ({ body: packet('ERR repository is \u001b[1marchived\n') }))
    await expect(openRepository(server.url).capabilities()).rejects.toMatchObject({
      code: 'ServerError',
      message: expect.stringContaining('repository is  [1marchived'),
    })
  })

  test('more refs than were asked for are left out', async () => {
    const store = await fresh(FILES)
    await store.git('branch', 'other', 'main')
    const rule: Rule = async (asked, forward) => {
      if (!isLsRefs(asked)) return undefined
      return {
        body: await forward(
          Buffer.concat([
            packet('command=ls-refs\n'),
            Buffer.from('0001'),
            packet('peel\n'),
            packet('symrefs\n'),
            FLUSH,
          ]),
        ),
      }
    }
    await using server = await scriptedServer(rule, store.url)
    expect((await openRepository(server.url).refs({ prefix: 'refs/heads/o' })).map(({ name }) => name)).toEqual([
      'refs/heads/other',
    ])
  })
})

describe('answers to a push', () => {
  /** Replaces the answer to pushes, after or instead of the push itself. */
  const answering =
    (body: string | Uint8Array, done: boolean): Rule =>
    async ({ service, method }, forward) => {
      if (service !== 'receive-pack' || method === 'GET') return undefined
      if (done) await forward()
      return { body }
    }
  const report = (...lines: string[]): Buffer => Buffer.concat([...lines.map(packet), FLUSH])
  const inBand = (...lines: string[]): Buffer => Buffer.concat([band(1, report(...lines)), FLUSH])

  test.each([
    ['a report without side-band', report('unpack ok\n', 'ok refs/heads/main\n')],
    [
      'a report in pieces, between messages',
      Buffer.concat([
        band(2, 'hi\n'),
        ...[...inBand('unpack ok\n', 'ok refs/heads/main\n').subarray(5, -4)].map((byte) =>
          band(1, Buffer.from([byte])),
        ),
        band(2, 'bye\n'),
        FLUSH,
      ]),
    ],
    [
      'options behind the ref (report-status-v2)',
      inBand('unpack ok\n', 'ok refs/heads/main\n', 'option refname refs/pull/1/head\n'),
    ],
    ['an empty body', ''],
    ['only a flush', FLUSH],
    ['a report that is silent about the ref', inBand('unpack ok\n')],
    ['a report about another ref', inBand('unpack ok\n', 'ok refs/heads/other\n')],
    ['channel 3 after the fact', Buffer.concat([band(2, 'hook\n'), band(3, 'post-receive hook died\n'), FLUSH])],
    ['half a report', inBand('unpack ok\n', 'ok refs/heads/main\n').subarray(0, 25)],
  ])('%s, of a push that was carried out, is success', async (_what, body) => {
    const store = await fresh(FILES)
    await using server = await scriptedServer(answering(body, true), store.url)
    const commit = await changeFile(openRepository(server.url), 'a/x', '2')
    expect(await store.resolve('main')).toBe(commit)
    expect(server.asked.filter(({ service }) => service === 'receive-pack')).toHaveLength(1)
  })

  test.each([
    ['an empty body', '', 'Malformed', /without a report/],
    ['only a flush', FLUSH, 'Malformed', /without a report/],
    ['a report that is silent about the ref', inBand('unpack ok\n'), 'Rejected', /does not mention/],
    ['ng', inBand('unpack ok\n', 'ng refs/heads/main protected branch\n'), 'Rejected', /protected branch/],
    [
      'ng without side-band',
      report('unpack ok\n', 'ng refs/heads/main protected branch\n'),
      'Rejected',
      /protected branch/,
    ],
    ['ng without a reason', inBand('unpack ok\n', 'ng refs/heads/main\n'), 'Rejected', /no reason given/],
    [
      'ng with the words of a hook',
      Buffer.concat([band(2, 'say: no\u001b[2J\n'), inBand('unpack ok\n', 'ng refs/heads/main hook declined\n')]),
      'Rejected',
      /hook declined; say: no \[2J/,
    ],
    [
      'unpack failed',
      inBand('unpack index-pack abnormal exit\n', 'ng refs/heads/main unpacker error\n'),
      'Rejected',
      /unpacker error \(index-pack abnormal exit\)/,
    ],
    ['channel 3', Buffer.concat([band(3, 'disk full\n'), FLUSH]), 'ServerError', /disk full/],
    ['ERR', report('ERR access denied\n'), 'ServerError', /access denied/],
  ] as const)(
    '%s, of a push that was not carried out, is an error, and nothing is lost',
    async (_what, body, code, message) => {
      const store = await fresh(FILES)
      const tip = await store.resolve('main')
      await using server = await scriptedServer(answering(body, false), store.url)
      const edit = await openRepository(server.url).edit('main')
      edit.put('a/x', '2')
      await edit.commit({ message: 'm', author })
      await expect(edit.push()).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
      expect(await store.resolve('main')).toBe(tip)
      server.rule = () => undefined
      expect((await edit.push()).status).toBe('pushed')
      expect((await store.readFile('main', 'a/x')).toString()).toBe('2')
      await store.fsck()
    },
  )

  test('a refusal because somebody was quicker is a lost race, whatever the words', async () => {
    const store = await fresh(FILES)
    const rule: Rule = async ({ service }) => {
      if (service !== 'receive-pack') return undefined
      await store.commitFiles({ theirs: '1' })
      return { body: inBand('unpack ok\n', 'ng refs/heads/main failed\n') }
    }
    await using server = await scriptedServer(rule, store.url)
    await expect(changeFile(openRepository(server.url), 'a/x', '2')).rejects.toMatchObject({
      code: 'StaleRef',
      details: { actual: expect.stringMatching(/^[0-9a-f]{40}$/) },
    })
  })

  test('a server that takes no thin packs gets whole trees, from the second push on at once', async () => {
    const store = await fresh({
      ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`f${i}`, `${i}`])),
      'a/x': '1',
    })
    await using server = await scriptedServer(noThinPacks, store.url)
    const repo = openRepository(server.url)
    const pushes = (): number => server.asked.filter(({ service }) => service === 'receive-pack').length
    await changeFile(repo, 'f7', 'seven')
    expect(pushes()).toBe(2)
    await changeFile(repo, 'f8', 'eight')
    expect(pushes()).toBe(3)
    expect((await store.readFile('main', 'f7')).toString()).toBe('seven')
    await store.fsck()
  })
})
