import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'yaml'
import { component } from '../../kit/components/index.ts'
import { run } from '../../kit/process/index.ts'

/** Somebody who can open encrypted files, with the real sops. */
export interface Reader {
  /** The public key. */
  readonly recipient: string
  /** What sops makes of the file. Throws CommandError with what it says. */
  open(file: string): Promise<any>
}

export async function newReader(): Promise<Reader> {
  const [sops, keygen] = [await component('sops'), await component('age-keygen')]
  const made = (await run(keygen, [])).stdout.toString()
  const [recipient = '', identity = ''] = made.match(/age1\w+|AGE-SECRET-KEY-\w+/g) ?? []
  return {
    recipient,
    async open(file) {
      const dir = await mkdtemp(join(tmpdir(), 'gitsync-sops-'))
      try {
        await writeFile(join(dir, 'file.yaml'), file)
        const env = { PATH: process.env['PATH'], HOME: dir, SOPS_AGE_KEY: identity }
        return parse((await run(sops, ['-d', join(dir, 'file.yaml')], { env })).stdout.toString())
      } finally {
        await rm(dir, { recursive: true, force: true })
      }
    },
  }
}
