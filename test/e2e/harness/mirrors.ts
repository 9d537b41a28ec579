import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git } from '../../kit/remote/git.ts'
import type { Repository } from './git-host.ts'

/** Mirrors of a host's repositories, through which they are looked into: each is brought up to date before each look. */
export interface Mirrors {
  of(url: string, login: { readonly name: string; readonly password: string }): Promise<Repository>
  remove(): Promise<void>
}

export async function createMirrors(): Promise<Mirrors> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-mirror-'))
  let count = 0
  return {
    async of(url, { name, password }) {
      const withLogin = new URL(url)
      withLogin.username = name
      withLogin.password = password
      const dir = join(scratch, String(count++))
      await git(scratch, scratch, ['clone', '--quiet', '--mirror', withLogin.href, dir])
      return {
        url,
        async git(...args) {
          await git(dir, scratch, ['fetch', '--quiet', '--prune'])
          return await git(dir, scratch, args)
        },
      }
    },
    remove: () => rm(scratch, { recursive: true, force: true }),
  }
}
