import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A number that no process has: the system's are smaller. */
const NOBODY = 2 ** 30

test.each([
  ['nobody', undefined],
  ['a process that is no more', `${NOBODY} 17\n`],
  ['a process whose number another one got', `${process.ppid} 1\n`],
  ['a process of the same number, in a container before this one', `${process.pid} 1\n`],
  ['something that is no lock', ''],
])('of many who want a folder at once that %s has, one gets it', async (_, before) => {
  if (before !== undefined) await writeFile(join(folder, 'lock'), before)
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)))
  const got = all.filter(({ status }) => status === 'fulfilled')
  expect(got).toHaveLength(1)
  expect(await readdir(folder)).toEqual(['lock'])
  await expect(lockFolder(folder)).rejects.toThrow(`process ${process.pid} serves ${folder} already`)
  if (got[0]?.status === 'fulfilled') await got[0].value()
  await (
    await lockFolder(folder)
  )()
  expect(await readdir(folder)).toEqual([])
})
