import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Member } from '../../push/member.ts'
import { writeFolder } from './write-folder.ts'

let root = ''
let dir = ''
let outside = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'write-folder-'))
})
beforeEach(async () => {
  const place = await mkdtemp(join(root, 'test-'))
  dir = join(place, 'dir')
  outside = join(place, 'outside')
  await mkdir(dir)
  await mkdir(outside)
})
afterAll(() => rm(root, { recursive: true }))

const member = (path: string): Member =>
  ({
    desired: { files: () => [{ path, oid: 'x' }] },
    spool: { get: () => Buffer.from('written') },
  }) as unknown as Member
const write = (path: string, dryRun = false): Promise<string[]> => writeFolder(member(path), dir, { dryRun })

// The folder may be a working copy of a repository, to which others push.
test('a file that is a link is neither read nor written', async () => {
  const victim = join(outside, 'profile')
  await writeFile(victim, 'mine')
  for (const target of [victim, join(outside, 'missing')]) {
    await symlink(target, join(dir, 'a.yaml'))
    await expect(write('a.yaml', true)).rejects.toThrow('is a link')
    await expect(write('a.yaml')).rejects.toThrow('is a link')
    await rm(join(dir, 'a.yaml'))
  }
  expect(await readdir(outside)).toEqual(['profile'])
  expect(await readFile(victim, 'utf8')).toBe('mine')
})

test('no folder is made behind a link that leads out', async () => {
  await symlink(outside, join(dir, 'shop'))
  await expect(write('shop/service/a.yaml')).rejects.toThrow('is a link')
  expect(await readdir(outside)).toEqual([])
})

test('a link that stays in the folder is not followed either: to its .git, from a file of the repository', async () => {
  await mkdir(join(dir, '.git'))
  await symlink('.git', join(dir, 'shop'))
  await expect(write('shop/config')).rejects.toThrow('is a link')
  expect(await readdir(join(dir, '.git'))).toEqual([])
})
