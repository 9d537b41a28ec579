import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { GitError } from '../../format/errors.ts'

/**
 * Keeps a folder for this process: another one would not see what this one is about to write.
 * @returns what gives it back
 * @throws GitError `TargetExists` while another process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`${process.pid}\n`)
      await file.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = Number(await readFile(path, 'utf8').catch(() => ''))
      if (isRunning(owner))
        throw new GitError(
          'TargetExists',
          `process ${owner} serves ${folder} already: end it, or choose another folder`,
          { path: folder },
        )
      // Its process was killed.
      await rm(path, { force: true })
    }
  }
  throw new GitError('TargetExists', `another process takes ${folder} again and again`, { path: folder })
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
