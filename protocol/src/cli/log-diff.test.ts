import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { gitsync, startGitsync } from './test-command.ts'

let remote: Remote
let store: TestRepository

const at = (seconds: number, zone = '+0000') => `${1_760_000_000 + seconds} ${zone}`

beforeAll(async () => {
  remote = await startRemote()
  store = await remote.createRepository('history.git', { config: { 'core.abbrev': '7' } })
  const commit = async (message: string, when: string, files: Record<string, unknown>, ...parents: string[]) => {
    const tip = await store.commitFiles(files as never)
    const env = {
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_DATE: when,
      GIT_AUTHOR_NAME: 'Zoë Z',
      GIT_AUTHOR_EMAIL: 'z@example.com',
    }
    const over = await store.gitWith(
      { env, input: message },
      'commit-tree',
      ...(parents.length > 0 ? parents : (await store.resolve('main~1')) ? ['main~1'] : []).flatMap((parent) => [
        '-p',
        parent,
      ]),
      `${tip}^{tree}`,
    )
    await store.git('update-ref', 'refs/heads/main', over)
    return over
  }
  const first = await commit('First\n\nwith a body,\n\n\ttabs \tand trailing blanks   \n\n\n', at(0, '+0530'), {
    a: '1',
    'dir/b': '1',
    run: { mode: '100755', content: '#!' },
    'tab\there': '1',
    ünïcode: '1',
    moved: 'the same content',
    kind: 'will be a link',
  })
  const second = await commit('Second\nin two lines', at(100, '-0330'), { a: '2', 'dir/b': null })
  const side = await commit('Side', at(150), { c: '1' }, first)
  await commit('\n\nMerge it', at(200), { 'dir/new': '1', run: { mode: '100644', content: '#!' } }, second, side)
  await store.git('tag', 'before', 'main')
  await commit('Change all kinds', at(300), {
    moved: null,
    'else where/moved': 'the same content',
    kind: { mode: '120000', content: 'a' },
    module: { mode: '160000', content: 'b'.repeat(40) },
    ünïcode: '2',
    'tab\there': null,
  })
})
afterAll(() => remote.stop())

describe('log', () => {
  test.each([
    [[], []],
    [
      ['-n', '2'],
      ['-n', '2'],
    ],
    [['--oneline'], ['--oneline']],
    [
      ['--first-parent', '--oneline'],
      ['--first-parent', '--oneline'],
    ],
    [['--since', '@1760000100'], ['--since=1760000100']],
    [['--until', '@1760000150'], ['--until=1760000150']],
    [['--since', '2035-01-01'], ['--since=2035-01-01']],
  ])('%j prints what git log %j prints', async (ours, theirs) => {
    const ran = await gitsync(['log', ...ours, store.url, 'main'])
    const expected = await store.git('log', '--date-order', ...theirs, 'main')
    expect(ran).toEqual({ code: 0, err: '', out: expected === '' ? '' : `${expected}\n` })
  })

  test.each(['a', 'dir', 'dir/', 'else where/moved'])('of the path %j', async (path) => {
    const ran = await gitsync(['log', store.url, 'main', path])
    expect(ran.out).toBe(`${await store.git('log', 'main', '--', path)}\n`)
  })

  test('--json gives all there is, dates with the zone of who wrote them', async () => {
    const { out } = await gitsync(['log', '--json', store.url, 'main'])
    const commits = JSON.parse(out)
    expect(commits.map(({ oid }: { oid: string }) => oid).join('\n')).toBe(
      await store.git('log', '--date-order', '--format=%H', 'main'),
    )
    const last = commits.at(-1)
    expect(last).toMatchObject({
      parents: [],
      tree: await store.resolve(`${last.oid}^{tree}`),
      author: { name: 'Zoë Z', email: 'z@example.com', date: '2025-10-09T14:23:20+05:30' },
      message: expect.stringMatching(/^First\n\nwith a body/),
    })
    expect(JSON.parse((await gitsync(['log', '--json', '--since', '2035-01-01', store.url, 'main'])).out)).toEqual([])
  })

  test.each(['yesterday', '2026-02-31', '2026', '31.01.2026', '2026-13-01'])(
    'the date %j is refused, with an example',
    async (date) => {
      const ran = await gitsync(['log', '--since', date, store.url, 'main'])
      expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('2026-01-31T08:00:00Z') })
    },
  )

  test('a count that is none is refused', async () => {
    expect(await gitsync(['log', '-n', '0', store.url, 'main'])).toMatchObject({ code: 2, out: '' })
  })

  test('lines come before the walk ends, and the walk ends when nobody reads on', async () => {
    const long = await remote.createRepository('long.git')
    const commits = Array.from({ length: 3000 }, (_, index) => {
      const who = `committer A <a@example.com> ${1_700_000_000 + index} +0000`
      return `commit refs/heads/main\n${who}\ndata 4\nc${String(index % 1000).padStart(3, '0')}\n`
    })
    await long.gitWith({ input: commits.join('') }, 'fast-import', '--quiet')
    remote.reset()
    const whole = startGitsync(['log', '--oneline', long.url, 'main'])
    expect((await text(whole.stdout)).split('\n')).toHaveLength(3001)
    const all = remote.requests.length

    remote.reset()
    const child = startGitsync(['log', '--oneline', long.url, 'main'])
    child.stdout.once('data', () => child.stdout.destroy())
    const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect([err, code]).toEqual(['', 0])
    expect(remote.requests.length).toBeLessThan(all)
  })
})

describe('diff', () => {
  test.each([
    [['before', 'main'], []],
    [['main', 'before'], []],
    [['before', 'main', 'dir'], []],
    [['main~3', 'main'], []],
    [['before', 'main'], ['-z']],
  ])('%j prints what git diff --name-status prints %j', async ([base = '', head = '', ...path], flags) => {
    const [from, to] = [await store.resolve(`${base}^{}`), await store.resolve(head)]
    const ran = await gitsync(['diff', ...flags, store.url, String(from), String(to), ...path])
    const expected = await store.git(
      'diff-tree',
      '-r',
      '--no-renames',
      '--name-status',
      ...flags,
      `${from}`,
      `${to}`,
      '--',
      ...path,
    )
    expect(ran).toEqual({ code: 0, err: '', out: flags.length > 0 || expected === '' ? expected : `${expected}\n` })
  })

  test('--renames shows what moved unchanged as one line', async () => {
    const { out } = await gitsync(['diff', '--renames', store.url, 'before', 'main'])
    expect(out).toBe(`${await store.git('diff-tree', '-r', '-M100%', '--name-status', 'before', 'main')}\n`)
    expect(out).toContain('R100\tmoved\telse where/moved')
  })

  test('--json gives ids and modes of both sides', async () => {
    const { out } = await gitsync(['diff', '--json', '--renames', store.url, 'before', 'main'])
    const oid = await store.resolve('main:else where/moved')
    expect(JSON.parse(out)).toContainEqual({
      status: 'R',
      path: 'else where/moved',
      oldPath: 'moved',
      oid,
      oldOid: oid,
      mode: '100644',
      oldMode: '100644',
    })
    expect(JSON.parse(out)).toContainEqual({ status: 'A', path: 'module', oid: 'b'.repeat(40), mode: '160000' })
  })

  test('nothing differs: nothing is printed', async () => {
    expect(await gitsync(['diff', store.url, 'main', 'main'])).toEqual({ code: 0, out: '', err: '' })
    expect((await gitsync(['diff', '--json', store.url, 'main', 'main'])).out).toBe('[]\n')
  })
})
