import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Task } from '../scenario.ts'

export interface GitKit {
  readonly task: Task
  /** Folder of the clone; made by the clone. */
  readonly dir: string
  /** Runs git in the clone; gives what it printed, without the final newline. */
  readonly git: (...args: string[]) => Promise<string>
  /** The same for output that is large: counts its bytes and keeps none. */
  readonly drain: (...args: string[]) => Promise<number>
  /** Clones into `dir`. */
  readonly clone: (...options: string[]) => Promise<void>
  /** An empty bare repository in `dir` with the remote `origin`. */
  readonly init: () => Promise<void>
  /** In a bare clone without contents: writes the task's changes on top of a commit, with plumbing only, and gives the new commit. */
  readonly commitPlumbing: (put?: Task['put'], parent?: string) => Promise<string>
  /** In a work tree: writes the task's changes and commits. */
  readonly commitFiles: (put?: Task['put']) => Promise<void>
  /** Bytes: the largest program's memory so far. */
  readonly peak: () => number
}

const WHO = { name: 'Bench', email: 'bench@example.com' }

export function gitKit(task: Task): GitKit {
  const { scratch } = task
  const [dir, times] = [join(scratch, 'clone'), join(scratch, 'times')]
  const env = {
    ...process.env,
    HOME: scratch,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: WHO.name,
    GIT_AUTHOR_EMAIL: WHO.email,
    GIT_COMMITTER_NAME: WHO.name,
    GIT_COMMITTER_EMAIL: WHO.email,
  }
  // GNU time alone tells the peak of a program that has ended.
  const each = (args: readonly string[], input: string, take: (chunk: Buffer) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn('/usr/bin/time', ['-q', '-a', '-o', times, '-f', '%M', 'git', ...args], {
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      const errors: Buffer[] = []
      child.stdout.on('data', take)
      child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`git ${args.join(' ')} ended with code ${code}: ${Buffer.concat(errors).toString()}`))
      })
      // A program may end without reading its input; its code tells whether that matters.
      child.stdin.on('error', () => undefined)
      child.stdin.end(input)
    })
  const run = async (args: readonly string[], input = ''): Promise<string> => {
    const out: Buffer[] = []
    await each(args, input, (chunk) => out.push(chunk))
    return Buffer.concat(out).toString().replace(/\n$/, '')
  }
  const git = (...args: string[]): Promise<string> => run(['-C', dir, ...args])
  return {
    task,
    dir,
    git,
    async drain(...args) {
      let bytes = 0
      await each(['-C', dir, ...args], '', (chunk) => {
        bytes += chunk.length
      })
      return bytes
    },
    clone: async (...options) => void (await run(['clone', '--quiet', ...options, task.url, dir])),
    async init() {
      await run(['init', '--quiet', '--bare', dir])
      await git('remote', 'add', 'origin', task.url)
    },
    async commitPlumbing(put = task.put, parent = 'HEAD') {
      const files = put.map((_, index) => join(scratch, `content-${index}`))
      await Promise.all(put.map(({ content }, index) => writeFile(files[index] ?? '', content)))
      const blobs =
        put.length === 0
          ? []
          : (await run(['-C', dir, 'hash-object', '-w', '--stdin-paths'], files.join('\n'))).split('\n')
      await git('read-tree', parent)
      const lines = [
        ...put.map(({ path }, index) => `100644 ${blobs[index]}\t${path}\n`),
        ...task.remove.map((path) => `0 ${'0'.repeat(40)}\t${path}\n`),
      ]
      await run(['-C', dir, 'update-index', '--index-info'], lines.join(''))
      const tree = await git('write-tree', '--missing-ok')
      return git('commit-tree', tree, '-p', parent, '-m', 'Edit')
    },
    async commitFiles(put = task.put) {
      for (const { path, content } of put) {
        await mkdir(dirname(join(dir, path)), { recursive: true })
        await writeFile(join(dir, path), content)
      }
      for (const path of task.remove) await rm(join(dir, path))
      await git('add', '--all')
      await git('commit', '--quiet', '--message', 'Edit')
    },
    peak: () => Math.max(...readFileSync(times, 'utf8').trim().split('\n').map(Number)) * 1024,
  }
}
