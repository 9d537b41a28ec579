import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GitError } from '../../format/errors.ts'

/** Who comes when a lock is given back, or taken from a process that was killed, looks again; so often. */
const ATTEMPTS = 5

/**
 * Keeps a folder for this process: another one would not see what this one is about to write.
 * @returns what gives it back
 * @throws GitError `TargetExists` while another process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'lock')
  const draft = `${path}-${randomUUID()}`
  await writeFile(draft, `${process.pid} ${await startOf(process.pid)} ${draft}\n`, { flag: 'wx', mode: 0o600 })
  try {
    const holder = await take(path, draft)
    if (holder === undefined) return () => rm(path, { force: true })
    throw new GitError('TargetExists', `process ${holder} serves ${folder} already: end it, or choose another folder`, {
      path: folder,
    })
  } finally {
    await rm(draft, { force: true })
  }
}

/** @returns the number of the process that has it; undefined: this one */
async function take(path: string, draft: string): Promise<string | undefined> {
  let found: string | undefined
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Linked, it is there with what it says: nobody finds a lock that is empty.
    if (await linked(draft, path)) return undefined
    found = await readIfThere(path)
    if (found === undefined) continue
    if (await isHeld(found)) break
    // Of those who find the lock of a killed process, the one replaces it who has a lock on that.
    const claim = `${path}-${createHash('sha256').update(found).digest('hex').slice(0, 16)}`
    const other = await take(claim, draft)
    if (other !== undefined) return other
    if ((await readIfThere(path)) === found) {
      await rename(claim, path)
      return undefined
    }
    await rm(claim, { force: true })
  }
  return found?.split(' ')[0] ?? 'unknown'
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** Whether the process that wrote a lock is running: not another one that got its number later. */
async function isHeld(lock: string): Promise<boolean> {
  const [number = '', start = ''] = lock.trim().split(' ')
  const pid = Number(number)
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid)) return false
  const now = await startOf(pid)
  if (start === '' || now === '') return pid !== process.pid
  return start === now
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process started, in ticks since the machine did (proc_pid_stat, "starttime"); empty where the system does not say. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program stands in brackets, and may have any character.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}
