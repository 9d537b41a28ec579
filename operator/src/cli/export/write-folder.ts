import { lstat, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Member } from '../../push/member.ts'
import { CommandFailure } from '../common/command-failure.ts'

/**
 * Writes the member's files below a folder of this machine; those that are as they should be are left alone.
 * @returns paths that were written, below the folder
 * @throws CommandFailure when a link, or a file where a folder is needed, is in the way
 */
export async function writeFolder(
  member: Member,
  folder: string,
  options: { readonly dryRun: boolean },
): Promise<string[]> {
  const written: string[] = []
  if (!options.dryRun) await mkdir(folder, { recursive: true })
  const root = await realpath(folder).catch(() => folder)
  for (const { path, oid } of member.desired.files()) {
    const bytes = member.spool.get(oid)
    if (bytes === undefined) {
      throw new CommandFailure('limit', 'the export is larger than 1 GiB: divide it by --resource or --namespace')
    }
    const file = join(root, path)
    try {
      await refuseLinks(root, path)
      const there = await readFile(file).catch(() => undefined)
      if (there?.equals(bytes) === true) continue
      written.push(path)
      if (options.dryRun) continue
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, bytes)
    } catch (error) {
      throw new CommandFailure('other', `--to-dir ${folder}: ${path} cannot be written: ${String(error)}`, {
        cause: error,
      })
    }
  }
  return written.sort()
}

/**
 * The folder may be a working copy of what others have pushed, links too: out of it, or into its `.git`.
 * @throws Error for a link
 */
async function refuseLinks(root: string, path: string): Promise<void> {
  let at = root
  for (const part of path.split('/')) {
    at = join(at, part)
    const entry = await lstat(at).catch(() => undefined)
    if (entry === undefined) return
    if (entry.isSymbolicLink()) throw new Error(`${at} is a link, and may lead out of the folder: remove it`)
  }
}
