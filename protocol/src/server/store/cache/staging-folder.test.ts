import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StagingFolder } from './staging-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-staging-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a process leaves that was killed so many minutes ago. */
async function left(name: string, minutes: number): Promise<void> {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'pack'), 'half of it')
  const then = new Date(Date.now() - minutes * 60_000)
  await utimes(join(folder, name), then, then)
}

test('what a killed process left goes, at the start and later; what others are at stays', async () => {
  await left('killed', 11)
  await left('at work', 9)
  const own = await StagingFolder.open(folder, { beatMs: 10 })
  const staged = await own.stage()
  await staged.append(Buffer.from('mine'))
  expect(await readdir(folder)).not.toContain('killed')
  expect(await readdir(folder)).toContain('at work')
  await left('killed later', 11)
  await expect.poll(() => readdir(folder)).not.toContain('killed later')
  expect((await staged.read(0, 4)).toString()).toBe('mine')
  await staged.discard()
  await own.close()
  expect(await readdir(folder)).toEqual(['at work'])
})

test('who is there shows it', async () => {
  const one = await StagingFolder.open(folder, { beatMs: 10 })
  const staged = await one.stage()
  const [name = ''] = await readdir(folder)
  await utimes(join(folder, name), 0, 0)
  await expect.poll(async () => (await stat(join(folder, name))).mtimeMs).toBeGreaterThan(0)
  const other = await StagingFolder.open(folder, { beatMs: 10 })
  expect(await readdir(folder)).toContain(name)
  await staged.discard()
  await other.close()
  await one.close()
})

test('who was taken for gone goes on', async () => {
  const one = await StagingFolder.open(folder)
  const before = await one.stage()
  await rm(join(folder, (await readdir(folder))[0] ?? ''), { recursive: true })
  await before.append(Buffer.from('still here'))
  expect((await before.read(0, 5)).toString()).toBe('still')
  await before.discard()
  const after = await one.stage()
  await after.append(Buffer.from('x'))
  await after.discard()
  await one.close()
})
