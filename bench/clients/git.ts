import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runClient } from './client.ts'
import type { Job } from './client.ts'

const run = promisify(execFile)
const WHO = { name: 'Bench', email: 'bench@example.com' }

/** Runs git with GNU time in between, which alone tells the peak of a process that has ended. */
function gitIn(scratch: string): {
  git: (dir: string, ...args: string[]) => Promise<string>
  peak: () => Promise<number>
} {
  const times = join(scratch, 'times')
  const env = {
    ...process.env,
    HOME: scratch,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: WHO.name,
    GIT_AUTHOR_EMAIL: WHO.email,
    GIT_COMMITTER_NAME: WHO.name,
    GIT_COMMITTER_EMAIL: WHO.email,
    GIT_INDEX_FILE: undefined,
  }
  return {
    async git(dir, ...args) {
      const { stdout } = await run('/usr/bin/time', ['-a', '-o', times, '-f', '%M', 'git', '-C', dir, ...args], {
        env,
        maxBuffer: 1 << 28,
      })
      return stdout.trim()
    },
    async peak() {
      const lines = (await readFile(times, 'utf8')).trim().split('\n')
      return Math.max(...lines.map(Number)) * 1024
    },
  }
}

/** Modes: `shallow` (a work tree of depth 1) and `partial` (bare, no blobs, plumbing only). */
await runClient(async ({ url, scratch, path, content, mode }: Job) => {
  await mkdir(scratch, { recursive: true })
  const { git, peak } = gitIn(scratch)
  const dir = join(scratch, 'clone')
  if (mode === 'shallow') {
    return async () => {
      await git(scratch, 'clone', '--quiet', '--depth', '1', url, dir)
      await writeFile(join(dir, path), content)
      await git(dir, 'commit', '--quiet', '--all', '--message', 'Edit')
      await git(dir, 'push', '--quiet', 'origin', 'HEAD')
      return { childPeakRss: await peak() }
    }
  }
  return async () => {
    const file = join(scratch, 'content')
    await writeFile(file, content)
    await git(scratch, 'clone', '--quiet', '--depth', '1', '--filter=blob:none', '--bare', url, dir)
    const blob = await git(dir, 'hash-object', '-w', file)
    await git(dir, 'read-tree', 'HEAD')
    await git(dir, 'update-index', '--add', '--cacheinfo', `100644,${blob},${path}`)
    const tree = await git(dir, 'write-tree', '--missing-ok')
    const commit = await git(dir, 'commit-tree', tree, '-p', 'HEAD', '-m', 'Edit')
    await git(dir, 'push', '--quiet', 'origin', `${commit}:refs/heads/main`)
    return { childPeakRss: await peak() }
  }
})
