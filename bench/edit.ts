/**
 * One edit in repositories of growing size, by several clients in the same run against the same remote: each a process of
 * its own, requests and bytes counted by the remote.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { deflateSync } from 'node:zlib'
import { build } from 'esbuild'
import { startRemote } from '../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../test/kit/remote/index.ts'
import type { Effort, Job } from './clients/client.ts'
import { contentOf, fill, pathOf, SHAPES } from './repository.ts'
import type { Shape } from './repository.ts'

export interface EditResult extends Shape, Effort {
  readonly client: string
  readonly requests: number
  readonly up: number
  readonly down: number
  /** Bytes of the new file's content, compressed: what no client can avoid to send. */
  readonly blob: number
}

interface Client {
  readonly name: string
  readonly program: 'engine' | 'git' | 'isomorphic'
  readonly mode: string
}

const CLIENTS: readonly Client[] = [
  { name: 'engine, warm', program: 'engine', mode: 'warm' },
  { name: 'engine, after 10 foreign commits', program: 'engine', mode: 'foreign' },
  { name: 'engine, cold, level by level', program: 'engine', mode: 'levels' },
  { name: 'engine, cold, one fetch', program: 'engine', mode: 'one-fetch' },
  { name: 'git, partial clone and plumbing', program: 'git', mode: 'partial' },
  { name: 'git, shallow clone', program: 'git', mode: 'shallow' },
  { name: 'isomorphic-git, depth 1 in memory', program: 'isomorphic', mode: '' },
]

const PROGRAMS = [
  new URL('./clients/engine.ts', import.meta.url),
  new URL('./clients/git.ts', import.meta.url),
  new URL('./clients/isomorphic.ts', import.meta.url),
]

/** Of this many runs the one with the median time counts. */
const RUNS = 3
const FOREIGN_COMMITS = 10

export async function benchEdit(progress: (line: string) => void, shapes = SHAPES): Promise<EditResult[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-bench-'))
  const remote = await startRemote()
  const results: EditResult[] = []
  try {
    await buildClients(scratch)
    for (const shape of shapes) {
      const store = await remote.createRepository(`files-${shape.files}.git`)
      await fill(store, shape)
      const base = (await store.resolve('main')) ?? ''
      for (const client of CLIENTS) {
        const runs: EditResult[] = []
        for (let i = 0; i < RUNS; i++) {
          await store.git('update-ref', 'refs/heads/main', base)
          runs.push(await measure(remote, store, shape, client, scratch))
        }
        const median = runs.sort((a, b) => a.milliseconds - b.milliseconds)[Math.floor(RUNS / 2)]
        if (median === undefined) continue
        results.push(median)
        progress(
          `${shape.files} files, ${client.name}: ${median.requests} requests, ${median.up} up, ${median.down} down, ${median.milliseconds.toFixed(0)} ms`,
        )
      }
    }
    return results
  } finally {
    await remote.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Bundled, so that none pays for having its sources read one by one. */
async function buildClients(folder: string): Promise<void> {
  await build({
    entryPoints: PROGRAMS.map(({ pathname }) => pathname),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    banner: {
      js: `import { createRequire as $createRequire } from 'node:module';const require = $createRequire(import.meta.url);`,
    },
    logLevel: 'error',
  })
}

async function measure(
  remote: Remote,
  store: TestRepository,
  shape: Shape,
  client: Client,
  folder: string,
): Promise<EditResult> {
  const scratch = join(folder, 'scratch')
  await mkdir(scratch)
  const file = Math.floor(shape.files / 2)
  const job: Job = {
    url: store.url,
    scratch,
    path: pathOf(file),
    content: contentOf(file, 1_000_000),
    mode: client.mode,
  }
  const child = spawn(process.execPath, [join(folder, `${client.program}.mjs`), JSON.stringify(job)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const next = async (): Promise<string> => {
      const { value, done } = (await lines.next()) as { value?: string; done?: boolean }
      if (done === true || value === undefined) throw new Error(`${client.name} ended without a result`)
      return value
    }
    if ((await next()) !== 'ready') throw new Error(`${client.name} does not get ready`)
    if (client.mode === 'foreign') await pushForeign(store, shape)
    remote.reset()
    child.stdin.write('go\n')
    const effort = JSON.parse(await next()) as Effort
    const content = (await store.readFile('main', job.path)).toString()
    if (content !== job.content) throw new Error(`${client.name} did not write what it was to write`)
    return {
      ...shape,
      ...effort,
      client: client.name,
      requests: remote.requests.length,
      up: remote.requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      down: remote.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      blob: deflateSync(content).length,
    }
  } finally {
    child.kill('SIGKILL')
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Somebody else's commits, in folders all over the repository. */
async function pushForeign(store: TestRepository, { files }: Shape): Promise<void> {
  for (let i = 0; i < FOREIGN_COMMITS; i++) {
    const file = Math.floor((i * files) / FOREIGN_COMMITS)
    await store.commitFiles({ [pathOf(file)]: contentOf(file, 2_000_000) })
  }
}
