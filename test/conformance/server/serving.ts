import { join } from 'node:path'
import { startProcess } from '../../kit/process/index.ts'
import type { RunningProcess } from '../../kit/process/index.ts'
import type { S3Server } from '../../kit/s3/index.ts'

export const COMMAND = join(import.meta.dirname, '../../../protocol/src/cli/gitsync.ts')

/** `gitsync serve` as a process of its own. */
export interface Serving extends RunningProcess {
  readonly url: string
  readonly port: string
}

/** The environment of a command: nothing of this machine's own leads to a bucket. */
export const environment = (
  s3: Pick<S3Server, 'env'>,
  more: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  AWS_EC2_METADATA_DISABLED: 'true',
  ...s3.env,
  ...more,
})

/** @param port default: a free one */
export async function serve(flags: readonly string[], env: NodeJS.ProcessEnv, port = '0'): Promise<Serving> {
  const args = [COMMAND, 'serve', '--http', `127.0.0.1:${port}`, ...flags]
  const running = await startProcess(process.execPath, args, { env, ready: { line: /serving .* at http:/ } })
  const url = /at (http:\S+)/.exec(running.output())?.[1] ?? ''
  return Object.assign(running, { url, port: new URL(url).port })
}

/** Serves what is in a bucket. */
export const serveBucket = (s3: S3Server, data: string, port?: string): Promise<Serving> =>
  serve(['--s3-bucket', s3.bucket, '--s3-endpoint', s3.endpoint, '--data', data], environment(s3), port)
