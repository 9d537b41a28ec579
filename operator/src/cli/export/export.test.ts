import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPush } from '../../../../test/kit/remote/index.ts'
import { startStage } from '../testing/stage.ts'
import type { Given, Ran, Stage } from '../testing/stage.ts'
import { main } from './export.ts'

let stage: Stage
let folder: string
const run = (args: readonly string[], given?: Given): Promise<Ran> => stage.run(main, args, given)
/** What is told of an export that works. */
const exported = async (...args: readonly string[]) => {
  const ran = await run([...args, '--json'])
  expect(ran, ran.err).toMatchObject({ code: 0 })
  return JSON.parse(ran.out)
}
const files = async (branch: string): Promise<readonly string[]> =>
  (await stage.repository.lsTree(branch)).map(({ path }) => path)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-export-'))
  stage = await startStage()
  const { objects } = stage.api
  for (const name of ['one', 'two']) {
    objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { team: name } } })
    for (const app of ['api', 'web']) {
      const metadata = { name: app, namespace: name, labels: { app } }
      objects.create({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } })
    }
  }
})
afterAll(async () => {
  await stage?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('kinds of the cluster and of namespaces, by the layout of a GitSync', async () => {
  const { url } = stage.repository
  const told = await exported(
    url,
    'main',
    '-n',
    'one',
    '--resource',
    'services',
    '--resource',
    'Namespace',
    '-l',
    'app',
  )
  expect(told).toMatchObject({ files: 2, written: 2, deleted: 0 })
  expect(await files('main')).toEqual(['one/service/api.yaml', 'one/service/web.yaml'])
  const text = (await stage.repository.readFile('main', 'one/service/api.yaml')).toString()
  expect(text).not.toMatch(/uid|resourceVersion|clusterIP/)
  expect(await stage.repository.git('log', '-1', '--format=%an <%ae> %s', 'main')).toBe(
    'gitsync-export <gitsync-export@noreply.invalid> Create 2 objects in one',
  )
})

test('all namespaces, JSON, a layout, a message and an author', async () => {
  const args = [
    stage.repository.url,
    'json',
    'dump/',
    '-A',
    '--resource',
    'core/Service,namespaces',
    '--format',
    'JSON',
  ]
  const person = ['-m', 'Nightly\n\nBody', '--author', 'Ann <ann@example.com>']
  const told = await exported(...args, '-l', 'team!=x,app!=api', ...person)
  expect(told.files).toBeGreaterThanOrEqual(4)
  const all = await files('json')
  expect(all).toContain('dump/two/service/web.json')
  expect(all).toContain('dump/_cluster/namespace/two.json')
  expect(await stage.repository.git('log', '-1', '--format=%an|%cn|%B', 'json')).toBe('Ann|Ann|Nightly\n\nBody\n')
  const layout = ['--layout', '{kind}/{namespace}-{name}.yaml']
  await exported(stage.repository.url, 'layout', '-n', 'one', '--resource', 'service', ...layout)
  expect(await files('layout')).toContain('%53ervice/one-api.yaml')
})

test('where nothing is found that is asked for, that is said, and not that all of it is there', async () => {
  const ran = await run([stage.repository.url, 'main', '-n', 'gone', '--resource', 'Service'])
  expect(ran).toMatchObject({ code: 0, out: 'nothing to write: no object was found that is asked for\n' })
})

test('somebody who pushes at the same time costs another try, and nothing of theirs', async () => {
  const { url } = stage.repository
  const before = await stage.repository.resolve('main')
  const push = stage.remote.faults.hold({ when: isPush })
  const running = exported(url, 'main', 'raced', '-n', 'two', '--resource', 'service')
  await push.reached
  await stage.repository.commitFiles({ 'theirs.txt': 'x' }, { message: 'Theirs' })
  push.release()
  const told = await running
  expect(await files('main')).toEqual(expect.arrayContaining(['raced/two/service/api.yaml', 'theirs.txt']))
  expect(await stage.repository.git('rev-list', '--count', `${before}..${told.commit}`)).toBe('2')
})

test('a folder that a GitSync has claimed is left alone, from above and below; beside it there is room', async () => {
  const { repository } = stage
  await repository.commitFiles({ 'owned/by/.gitsync': 'cluster: x\ngitsync: y\n' }, { branch: 'claimed' })
  const into = (path: string): Promise<Ran> =>
    run([repository.url, 'claimed', path, '-n', 'one', '--resource', 'services', '--layout', 'by/{name}.yaml'])
  for (const path of ['owned', 'owned/by', 'owned/by/deep/er']) {
    expect(await into(path), path).toMatchObject({
      code: 5,
      err: expect.stringContaining('owned/by belongs to a GitSync'),
    })
  }
  expect(await into('owned/by-the-way')).toMatchObject({ code: 0 })
  expect(await into('.')).toMatchObject({ code: 0 })
})

describe('nothing is written when', () => {
  const { url } = { url: 'https://git.invalid/x.git' }
  test.each([
    [['--resource', 'service'], 2, 'URL and BRANCH are needed'],
    [[url, 'main'], 2, '--resource <kind> is needed'],
    [[url, 'main', '--resource', 'service', '-n', 'a', '-A'], 2, 'exclude each other'],
    [[url, 'main', '--resource', 'service', '--to-dir', 'x'], 2, 'exclude each other'],
    [['--to-dir', 'x', '--resource', 'service', '--prune', 'Always'], 2, 'empty the folder'],
    [[url, 'main', '../x', '--resource', 'service'], 2, 'error: PATH "../x": path must not contain'],
    [[url, 'main', '--resource', 'service', '--layout', '{nothing}.yaml'], 2, '{nothing} is unknown'],
    [[url, 'main', '--resource', 'service', '-A', '--layout', '{name}.yaml'], 5, '--layout gives one path'],
    [[url, 'main', '--resource', 'service', '--bytes-per-push', 'x'], 2, 'positive number of bytes'],
    [[url, 'main', '--resource', 'service', '--prune', 'Some'], 2, 'Never, Always'],
    [[url, 'main', '--resource', 'service', '-l', 'a==='], 2, 'must be a label selector'],
    [[url, 'main', '--resource', 'service', '--author', 'Ann'], 2, 'Name <mail@example.com>'],
    [[url, 'main', '--resource', 'widgets'], 4, 'kubectl api-resources'],
    [[url, 'main', '--resource', 'tokenreviews'], 2, 'cannot be listed'],
  ])('%j: %d', async (args, code, message) => {
    const ran = await run(args)
    expect(ran.err).toContain(message)
    expect(ran).toMatchObject({ code, out: '' })
  })

  test('one of the kinds may not be read, unless the rest is wanted', async () => {
    const undo = stage.api.faults.forbid(({ resource }) => resource === 'configmaps')
    const args = ['--to-dir', join(folder, 'partial'), '-n', 'one', '--resource', 'configmaps,services']
    expect(await run(args)).toMatchObject({ code: 3, err: expect.stringContaining('--keep-going exports the rest') })
    const rest = await run([...args, '--keep-going'])
    undo()
    expect(rest).toMatchObject({ code: 0, err: expect.stringContaining('ConfigMap is left out') })
    expect(rest.out).toContain('2 of 2 files written')
  })
})

describe('--to-dir', () => {
  test('writes what differs, and only that', async () => {
    const dir = join(folder, 'dump')
    const args = ['--to-dir', dir, '-n', 'one', '--resource', 'services']
    expect((await run([...args, '--dry-run'])).out).toContain('2 of 2 files would be written')
    expect(await exported(...args)).toMatchObject({ written: 2, requests: 0 })
    await writeFile(join(dir, 'one/service/api.yaml'), 'changed\n')
    await writeFile(join(dir, 'mine.txt'), 'mine\n')
    expect(await exported(...args)).toMatchObject({ written: 1 })
    expect(await readFile(join(dir, 'mine.txt'), 'utf8')).toBe('mine\n')
  })

  test('a link that leads out of the folder is not followed', async () => {
    const dir = join(folder, 'linked')
    const outside = join(folder, 'outside')
    await mkdir(dir)
    await mkdir(outside)
    await symlink(outside, join(dir, 'one'))
    const ran = await run(['--to-dir', dir, '-n', 'one', '--resource', 'services'])
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('may lead out of the folder') })
  })
})
