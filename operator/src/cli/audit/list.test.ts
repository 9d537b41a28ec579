import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Io } from '@gitsync/protocol/cli'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startRemote } from '../../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../../test/kit/remote/index.ts'
import { BOB, START, writeHistory } from '../../audit/testing/write-history.ts'
import { claimFile } from '../../plan/claim.ts'
import { main } from './main.ts'

let remote: Remote
let store: TestRepository

const HOUR = 3_600
const PRE = 'clusters/prod/shop'
const claim = claimFile({ cluster: 'c', gitsync: 'g' }).toString()
const config = (limit: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  limit: "${limit}"\n  mode: fast\n`
const dashboard = (title: string, max: string): string =>
  `{\n  "panels": [\n    {\n      "id": 4,\n      "max": ${max}\n    }\n  ],\n  "title": "${title}",\n  "uid": "checkout"\n}\n`
const ESCAPE = '\u001b[31mMallory\u001b[0m <m@example.com>'

beforeAll(async () => {
  remote = await startRemote()
  store = await remote.createRepository('audit.git')
  const settings = `${PRE}/shop/configmap/settings.yaml`
  const [old, moved] = [`${PRE}/dashboards/checkout.json`, `${PRE}/dashboards/checkout-latency.json`]
  await writeHistory(store, [
    {
      message:
        'Create 2 objects in shop\n\nObject: ConfigMap/shop/settings\nResource-version: 7\nObject: Dashboard.gitsync.dev/shop/checkout',
      files: { [`${PRE}/.gitsync`]: claim, [settings]: config('1'), [old]: dashboard('Checkout', '1') },
    },
    {
      message:
        'Update ConfigMap shop/settings\n\nChanged-by: bob\nChanged-via: kubectl-edit\nObject: ConfigMap/shop/settings\nResource-version: 9\nCluster: c',
      author: BOB,
      files: { [settings]: config('2') },
    },
    { message: 'Update Dashboard shop/checkout', files: { [old]: null, [moved]: dashboard('Checkout: latency', '1') } },
    {
      message: 'Update Dashboard shop/checkout',
      author: BOB,
      files: { [moved]: dashboard('Checkout: latency', '1.50') },
    },
    {
      message: 'Update ConfigMap shop/gone',
      files: { [`${PRE}/odd/gone.yaml`]: config('1').replace('settings', 'gone') },
    },
    { message: 'Delete ConfigMap shop/gone', files: { [`${PRE}/odd/gone.yaml`]: null } },
    {
      message: '=cmd|calc\n',
      author: ESCAPE,
      committer: ESCAPE,
      files: { [settings]: config('2').replace('fast', 'slow') },
    },
    {
      message: 'Update ConfigMap other/settings',
      files: {
        'clusters/prod/other/other/configmap/settings.yaml': config('5').replace('namespace: shop', 'namespace: other'),
      },
    },
  ])
})
afterAll(() => remote.stop())
beforeEach(() => remote.reset())

async function run(...args: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  stdin.end()
  const printed = Promise.all([text(stdout), text(stderr)])
  const io: Io = { stdin, stdout, stderr, now: () => new Date(0), program: '/', env: { PATH: process.env['PATH'] } }
  const code = await main(args, io)
  stdout.end()
  stderr.end()
  const [out, err] = await printed
  return { code, out, err }
}

async function rows(...args: readonly string[]) {
  const ran = await run(store.url, ...args, '--json')
  expect(ran, ran.err).toMatchObject({ code: 0 })
  return JSON.parse(ran.out) as { readonly [field: string]: any }[]
}

describe('who changed it', () => {
  test('an object: by what is at its path, with the words of the operator', async () => {
    const found = await rows('main', '--object', 'ConfigMap/shop/settings')
    expect(found.map(({ author, byOperator }) => [author.email, byOperator])).toEqual([
      ['m@example.com', false],
      ['bob@example.com', true],
      ['ann@example.com', true],
    ])
    expect(found[1]).toMatchObject({
      action: 'Update',
      object: { kind: 'ConfigMap', group: '', namespace: 'shop', name: 'settings' },
      said: 'trailers',
      changedBy: ['bob'],
      changedVia: ['kubectl-edit'],
      resourceVersion: '9',
      cluster: 'c',
      path: `${PRE}/shop/configmap/settings.yaml`,
    })
    expect(found.map(({ action }) => action)).toEqual(['Update', 'Update', 'Create'])
    expect(await rows('main', '--object', 'configmap/other/settings')).toHaveLength(1)
  })

  test('an object that is gone, whose file has no usual name', async () => {
    const found = await rows('main', '--object', 'ConfigMap/shop/gone')
    expect(found.map(({ action, path }) => [action, path])).toEqual([
      ['Delete', `${PRE}/odd/gone.yaml`],
      ['Create', `${PRE}/odd/gone.yaml`],
    ])
  })

  test.each(['Checkout: latency', 'checkout-latency.json', `${PRE}/dashboards/checkout-latency.json`, 'latency'])(
    'a dashboard through the change of its title: %s',
    async (name) => {
      const found = await rows('main', '--dashboard', name)
      expect(found.map(({ author, action, oldPath }) => [author.name, action, oldPath])).toEqual([
        ['Bob', 'Update', undefined],
        ['Ann', 'Update', `${PRE}/dashboards/checkout.json`],
        ['Ann', 'Create', undefined],
      ])
    },
  )

  test('of a dashboard by the title that it had, up to when it moved', async () => {
    const found = await rows('main', '--dashboard', `${PRE}/dashboards/checkout.json`)
    expect(found.map(({ action }) => action)).toEqual(['Delete', 'Create'])
  })

  test('one value, from what to what, numbers as they are spelt, in few requests', async () => {
    const found = await rows('main', '--dashboard', 'Checkout: latency', '--field', 'panels[id=4].max')
    expect(found.map(({ author, field }) => [author.name, field])).toEqual([
      ['Bob', { from: '1', to: '1.50' }],
      ['Ann', { from: null, to: '1' }],
    ])
    expect(remote.requests.length).toBeLessThanOrEqual(22)
    const [limit] = await rows('main', '--object', 'ConfigMap/shop/settings', '--field', '/data/limit', '-c', '1')
    expect(limit).toMatchObject({ author: { name: 'Bob' }, field: { from: '"1"', to: '"2"' } })
  })

  test('by author, time, namespace and kind; a day counts whole', async () => {
    const at = (hours: number): string => new Date((START + hours * HOUR) * 1000).toISOString()
    expect((await rows('--author', 'bob')).map(({ commit }) => commit)).toHaveLength(2)
    expect(await rows('main', '--since', at(2), '--until', at(3))).toHaveLength(2)
    const day = at(0).slice(0, 10)
    const zone = process.env['TZ']
    process.env['TZ'] = 'UTC'
    const ofDay = await rows('main', '--since', day, '--until', day)
    process.env['TZ'] = zone ?? ''
    if (zone === undefined) delete process.env['TZ']
    const expected = await store.git(
      'rev-list',
      '--count',
      `--since=${day}T00:00:00Z`,
      `--until=${day}T23:59:59Z`,
      'main',
    )
    // The first commit has two objects.
    expect(new Set(ofDay.map(({ commit }) => commit)).size).toBe(Number(expected))
    const ran = await run(store.url, 'main', '--namespace', 'shop', '--kind', 'ConfigMap', '--json')
    expect(JSON.parse(ran.out)).toHaveLength(4)
    expect(ran.err).toContain('note: 1 commit does not say what it changed')
  })

  test('what it costs: the tip and the commits, and no file; a path its folders beside', async () => {
    await rows('main')
    expect(remote.requests.length).toBe(2)
    remote.reset()
    await rows('main', `${PRE}/shop/configmap/settings.yaml`)
    expect(remote.requests.length).toBeLessThanOrEqual(8)
  })
})

describe('how it is printed', () => {
  test('a table, in which nothing plays tricks on a terminal', async () => {
    const { out, code } = await run(store.url, 'main', '--object', 'ConfigMap/shop/settings', '--field', 'data.limit')
    expect(code).toBe(0)
    const [head, bob] = out.split('\n')
    expect(head).toMatch(/^TIME +AUTHOR +ACTION +FILE +FROM +TO +COMMIT$/)
    expect(bob).toMatch(
      /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ +Bob <bob@example.com> +Update +\S+settings.yaml +"1" +"2" +[0-9a-f]{12}$/,
    )
    const all = (await run(store.url)).out
    expect(all).toContain('[31mMallory[0m <m@example.com> (committed by [31mMallory[0m)')
    // oxlint-disable-next-line no-control-regex
    expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(all.split('\n')[1]).toMatch(/Update +ConfigMap\/other\/settings/)
  })

  test('CSV, in which nothing is a formula', async () => {
    const { out } = await run(store.url, 'main', '-o', 'csv', '--path', `${PRE}/shop`)
    const lines = out.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^time,committed,commit,author_name,/)
    expect(lines).toHaveLength(4)
    expect(lines[1]).toMatch(/,false,'=cmd\|calc$/)
    // oxlint-disable-next-line no-control-regex
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    const field = await run(
      store.url,
      'main',
      '-o',
      'csv',
      '--object',
      'ConfigMap/shop/settings',
      '--field',
      'data.limit',
    )
    expect(field.out.split('\n')[1]).toMatch(/,"""1""","""2"""$/)
  })

  test('the difference in the file, over a move as well', async () => {
    const { out } = await run(store.url, 'main', '--dashboard', 'latency', '--diff')
    expect(out).toContain('-      "max": 1\n+      "max": 1.50\n')
    expect(out).toContain(`--- a/${PRE}/dashboards/checkout.json\n+++ b/${PRE}/dashboards/checkout-latency.json\n`)
    expect(out).toContain('--- /dev/null\n')
  })
})

test('differences of a folder, and of all that is found, once for each commit', async () => {
  const folder = await run(store.url, 'main', PRE, '--diff', '--until', new Date((START + HOUR) * 1000).toISOString())
  expect(folder.code).toBe(0)
  const headers = [...folder.out.matchAll(/^(?:---|\+\+\+) (\S+)$/gm)].map(([, path]) => path)
  const settings = `${PRE}/shop/configmap/settings.yaml`
  expect(headers).toEqual([
    `a/${settings}`,
    `b/${settings}`,
    ...[`${PRE}/.gitsync`, `${PRE}/dashboards/checkout.json`, settings].flatMap((path) => ['/dev/null', `b/${path}`]),
  ])
  expect(folder.out).toContain('-  limit: "1"\n+  limit: "2"\n')
  const all = await rows('main', '--diff', '--author', 'ann')
  const [first, second] = all.filter(({ subject }) => subject === 'Create 2 objects in shop')
  expect(first?.['patch']).toContain('+  limit: "1"\n')
  expect(second).not.toHaveProperty('patch')
  const other = await rows('main', '--diff', '--namespace', 'other')
  expect(other.map(({ patch }) => patch.match(/^[+]{3} .*$/gm))).toEqual([
    ['+++ b/clusters/prod/other/other/configmap/settings.yaml'],
  ])
})

test('a submodule has no content, and stops nothing', async () => {
  const other = await remote.createRepository('modules.git')
  await other.commitFiles({ a: 'x' }, { message: 'one' })
  await other.commitFiles({ module: { mode: '160000', content: 'a'.repeat(40) }, b: 'y' }, { message: 'two' })
  const ran = await run(other.url, 'main', '--diff')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).toContain('+++ b/b\n')
  expect(await run(other.url, 'main', 'module', '--diff')).toMatchObject({ code: 0 })
})

describe('what is wrong is said', () => {
  test.each([
    [['shop', '--path', 'shop'], 2, '[path] and --path exclude each other'],
    [['--object', 'x'], 2, '--object "x" names no object'],
    [['--object', 'ConfigMap/a', '--path', 'b'], 2, '--object and --path exclude each other'],
    [['--field', 'a.b'], 2, '--field is of one file'],
    [['--path', PRE, '--field', 'a'], 2, 'is a folder'],
    [['--path', 'x', '--field', 'a..b'], 2, 'names no value'],
    [['--path', 'x', '--diff', '-o', 'csv'], 2, 'no room for --diff'],
    [['--kind', 'a', '--dashboard', 'b'], 2, '--kind and --dashboard exclude each other'],
    [['--since', 'yesterday'], 2, 'a date is needed'],
    [['--object', 'ConfigMap/settings'], 2, 'may be 2 files: name one of them with --path'],
    [['--object', 'ConfigMap/shop/setting'], 4, 'settings.yaml?'],
    [['--dashboard', 'nothing'], 4, 'no dashboard of main has this title'],
    [['--path', '../x'], 2, 'path "../x" has a part ".."'],
  ] as const)('%j: %d', async (args, code, message) => {
    const ran = await run(store.url, 'main', ...args)
    expect(ran.err).toContain(message)
    expect(ran).toMatchObject({ code, out: '' })
  })

  test('a branch that is not there, and nothing found', async () => {
    expect(await run(store.url, 'gone')).toMatchObject({ code: 4, out: '' })
    const nothing = await run(store.url, 'main', '--author', 'nobody')
    expect(nothing).toMatchObject({ code: 0, out: '', err: 'note: nothing found in 8 commits\n' })
    expect((await run(store.url, 'main', '--author', 'nobody', '--json')).out).toBe('[]\n')
  })
})
