import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import type { Member } from '../../push/member.ts'
import { CommandFailure } from '../common/command-failure.ts'

/**
 * Writes the member's files below a folder of this machine; those that are as they should be are left alone.
 * @returns paths that were written, below the folder
 * @throws CommandFailure when a link would lead out of the folder, or a file stands where a folder is needed
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
    const there = await readFile(file).catch(() => undefined)
    if (there?.equals(bytes) === true) continue
    written.push(path)
    if (options.dryRun) continue
    try {
      await mkdir(dirname(file), { recursive: true })
      if (!`${await realpath(dirname(file))}${sep}`.startsWith(`${root}${sep}`)) {
        throw new Error('a link on the way leads out of the folder')
      }
      await writeFile(file, bytes)
    } catch (error) {
      throw new CommandFailure('other', `--to-dir ${folder}: ${path} cannot be written: ${String(error)}`, {
        cause: error,
      })
    }
  }
  return written.sort()
}
