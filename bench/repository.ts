import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, copyFile, link, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from '../test/kit/process/index.ts'
import type { Remote, TestRepository } from '../test/kit/remote/index.ts'
import { historyOf } from './history.ts'
import { layoutOf } from './layout.ts'
import type { Size } from './layout.ts'

/** Folder for what is made once per machine. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'gitsync-operator', 'bench')

/** The repository of a size, made when it is not in the cache yet; gives its folder. */
export async function sampleRepository(size: Size): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(size))
  for (const file of ['layout.ts', 'history.ts']) hash.update(await readFile(join(import.meta.dirname, file)))
  const dir = join(CACHE, `${size.name}-${hash.digest('hex').slice(0, 12)}.git`)
  const there = await access(dir, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (there) return dir
  await mkdir(CACHE, { recursive: true })
  const scratch = await mkdtemp(join(CACHE, '.making-'))
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', scratch])
  await fastImport(scratch, historyOf(layoutOf(size)))
  // As a host keeps it: one pack with bitmap, a commit graph.
  await run('git', ['-C', scratch, 'gc', '--quiet', '--prune=now'], { timeout: 900_000 })
  await rename(scratch, dir)
  return dir
}

/** A copy of a sample behind the remote; the packs are shared with it. */
export async function copyOf(remote: Remote, name: string, sample: string): Promise<TestRepository> {
  const store = await remote.createRepository(name)
  for (const folder of ['objects/pack', 'objects/info']) {
    for (const file of await readdir(join(sample, folder))) {
      const [from, to] = [join(sample, folder, file), join(store.dir, folder, file)]
      await link(from, to).catch(() => copyFile(from, to))
    }
  }
  await copyFile(join(sample, 'packed-refs'), join(store.dir, 'packed-refs'))
  return store
}

export const removeCopy = (store: TestRepository): Promise<void> => rm(store.dir, { recursive: true, force: true })

async function fastImport(dir: string, input: Iterable<string>): Promise<void> {
  const child = spawn('git', ['-C', dir, 'fast-import', '--quiet', '--date-format=raw'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const ended = once(child, 'exit')
  await pipeline(Readable.from(input), child.stdin)
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error(`git fast-import ended with code ${code}`)
}
