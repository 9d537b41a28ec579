import { existsSync } from 'node:fs'
import { chmod, cp, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * Copies Gitea's executable, with the folders that it reads where they are beside it, into a new folder that every user
 * may enter, unlike the cache below somebody's home. Gives the copy's path.
 */
export async function copyProgram(program: string, to: string): Promise<string> {
  await mkdir(to)
  for (const name of ['templates', 'options', 'public']) {
    const source = join(dirname(program), name)
    if (existsSync(source)) await cp(source, join(to, name), { recursive: true })
  }
  const copy = join(to, 'gitea')
  await cp(program, copy)
  await chmod(copy, 0o755)
  return copy
}
