import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { startProcess, withFreePorts } from '../process/index.ts'
import type { RunningProcess } from '../process/index.ts'

export type S3ServerName = 'versitygw' | 'minio' | 's3s-fs'

const ACCESS_KEY = 'gitsync-tests'
const SECRET_KEY = 'not-a-secret-of-anybody'

/** A real S3 server on loopback, with an empty bucket. */
export interface S3Server {
  readonly endpoint: string
  readonly bucket: string
  /** The variables by which a client finds its credentials. */
  readonly env: Readonly<Record<string, string>>
  /** Makes another bucket. */
  addBucket(name: string): Promise<void>
  /** Ends it, with all that it keeps. */
  stop(): Promise<void>
}

/** How each is started on a folder, in which a folder is a bucket. */
const PROGRAMS: Readonly<
  Record<S3ServerName, (address: { readonly port: number; readonly folder: string }) => readonly string[]>
> = {
  versitygw: ({ port, folder }) => ['--quiet', '--keep-alive', '--port', `127.0.0.1:${port}`, 'posix', folder],
  minio: ({ port, folder }) => ['server', '--quiet', '--address', `127.0.0.1:${port}`, folder],
  's3s-fs': ({ port, folder }) => [
    `--access-key=${ACCESS_KEY}`,
    `--secret-key=${SECRET_KEY}`,
    '--host=127.0.0.1',
    `--port=${port}`,
    folder,
  ],
}

/** The variables by which each is told the key that it lets in. */
const CREDENTIALS = {
  ROOT_ACCESS_KEY_ID: ACCESS_KEY,
  ROOT_SECRET_ACCESS_KEY: SECRET_KEY,
  MINIO_ROOT_USER: ACCESS_KEY,
  MINIO_ROOT_PASSWORD: SECRET_KEY,
}

export async function startS3(name: S3ServerName = 'versitygw'): Promise<S3Server> {
  const program = await component(name)
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-s3-'))
  const addBucket = async (bucket: string): Promise<void> => {
    await mkdir(join(folder, bucket))
  }
  await addBucket('repositories')
  const { running, port } = await withFreePorts(1, async ([port = 0]) => ({
    port,
    running: await start(name, program, { port, folder }),
  }))
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'repositories',
    env: { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY },
    addBucket,
    async stop() {
      await running.stop({ grace: 0 })
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

function start(
  name: S3ServerName,
  program: string,
  at: { readonly port: number; readonly folder: string },
): Promise<RunningProcess> {
  return startProcess(program, PROGRAMS[name](at), {
    name,
    env: { PATH: process.env['PATH'], HOME: at.folder, ...CREDENTIALS },
    ready: { port: at.port },
  })
}
