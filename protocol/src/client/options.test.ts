import { expect, expectTypeOf, test } from 'vitest'
import { diskStore } from '../node.ts'
import type { CreateTagOptions, Limits, Repository, RepositoryOptions } from '../index.ts'
import { memoryStore, openRepository, undiciTransport } from '../index.ts'
import { fakeTransport } from '../testing/fake-transport.ts'

const URL = 'https://git.example.com/r.git'
const BEYOND_TIMERS = 2 ** 31

const refused = (field: string, actual: unknown) =>
  expect.objectContaining({
    code: 'InvalidInput',
    message: expect.stringContaining(field),
    details: expect.objectContaining({ field, actual }),
  })

test.each<[string, unknown, RepositoryOptions]>([
  ['oneFetchBytes', -1, { oneFetchBytes: -1 }],
  ['oneFetchBytes', Number.NaN, { oneFetchBytes: Number.NaN }],
  ['cache.maxObjectBytes', 1.5, { cache: { scope: 's', store: memoryStore(), maxObjectBytes: 1.5 } }],
  ['limits.maxTotalBytes', 0, { limits: { maxTotalBytes: 0 } }],
  ['retry.maxMs', BEYOND_TIMERS, { retry: { maxMs: BEYOND_TIMERS } }],
  ['userAgent', 'git/x\r\nx: y', { userAgent: 'git/x\r\nx: y' }],
  ['userAgent', 'git/x atomic', { userAgent: 'git/x atomic' }],
  ['userAgent', '', { userAgent: '' }],
])('%s %j is refused when a repository is opened', (field, actual, options) => {
  expect(() => openRepository(URL, options)).toThrow(refused(field, actual))
})

test.each([
  [5, 'number'],
  [undefined, 'undefined'],
  [null, 'null'],
  [new globalThis.URL(URL), 'object'],
])('an address that is no text is refused: %j', (url, actual) => {
  expect(() => openRepository(url as unknown as string)).toThrow(refused('url', actual))
})

test('a limit that there is not is no limit', () => {
  const limits = { maxResponseByte: 1 } as Partial<Limits>
  expect(() => openRepository(URL, { limits })).toThrow(
    expect.objectContaining({
      code: 'InvalidInput',
      message: expect.stringMatching(/maxResponseByte .*maxResponseBytes,/),
    }),
  )
})

test('times that no timer can wait are refused, and stores without room', () => {
  expect(() => undiciTransport({ timeoutMs: BEYOND_TIMERS })).toThrow(refused('timeoutMs', BEYOND_TIMERS))
  expect(() => memoryStore({ maxBytes: 0 })).toThrow(refused('maxBytes', 0))
  expect(() => diskStore({ folder: '/nonexistent', maxBytes: -1 })).toThrow(refused('maxBytes', -1))
  const ssh = { timeoutMs: 0 }
  expect(() => openRepository('git@git.example.com:r.git', { ssh })).toThrow(refused('ssh.timeoutMs', 0))
})

test('what is given to one operation is refused before anything is sent', async () => {
  const { transport, requests } = fakeTransport([])
  const repo = openRepository(URL, { transport })
  await expect(repo.edit('main', { depth: -1 })).rejects.toEqual(refused('depth', -1))
  await expect(repo.snapshot('main', { depth: 0.5 })).rejects.toEqual(refused('depth', 0.5))
  await expect(repo.edit('main', { writing: 'disc' as 'disk' })).rejects.toEqual(refused('writing', 'disc'))
  await expect(repo.checkout('main', '/nonexistent', { symlinks: 'skip' as 'file' })).rejects.toEqual(
    refused('symlinks', 'skip'),
  )
  await expect(repo.compare('v1', 'v2', { path: 'docs', far: true })).rejects.toMatchObject({
    details: { field: 'far' },
  })
  expect(requests).toEqual([])
})

test('atomic is offered where there is more than one ref', () => {
  expectTypeOf<Parameters<Repository['push']>[1] & object>().toHaveProperty('atomic')
  expectTypeOf<Parameters<Repository['createBranch']>[2] & object>().not.toHaveProperty('atomic')
  expectTypeOf<Parameters<Repository['renameBranch']>[2] & object>().not.toHaveProperty('atomic')
  expectTypeOf<Parameters<Repository['deleteRef']>[1] & object>().not.toHaveProperty('atomic')
  expectTypeOf<CreateTagOptions>().not.toHaveProperty('atomic')
})

test('the user agent names the version of the package', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
  const { transport, requests } = fakeTransport([{ status: 404 }])
  await expect(openRepository(URL, { transport }).refs()).rejects.toMatchObject({ code: 'RepositoryNotFound' })
  expect(requests[0]?.headers['user-agent']).toBe(`git/gitsync-${manifest.version}`)
})
