/**
 * For the Dockerfile: writes everything that the image holds into a folder. `node rootfs.ts FOLDER DIST VERSION EPOCH
 * BASE`, where the libraries come along unless BASE, which is to bring its own, is another than `scratch`.
 */
import { chmod, copyFile, mkdir, readdir, lutimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { appFiles } from './app-files.ts'
import { libraryFiles, nodeFiles } from './root-files.ts'

const [folder, dist, version, epochText, base] = process.argv.slice(2)
if (folder === undefined || dist === undefined || version === undefined || base === undefined) {
  throw new Error('usage: node rootfs.ts FOLDER DIST VERSION EPOCH BASE')
}
const epoch = Number(epochText)
const libraries = base === 'scratch' ? await libraryFiles() : { entries: [], packages: [] }
const app = await appFiles({ dist, version, debianPackages: libraries.packages, epoch })
for (const { path, mode, content, file } of [...(await nodeFiles()), ...libraries.entries, ...app]) {
  const target = join(folder, path)
  await mkdir(dirname(target), { recursive: true, mode: 0o755 })
  if (content !== undefined) await writeFile(target, content)
  else if (file !== undefined) await copyFile(file, target)
  else await mkdir(target, { recursive: true })
  await chmod(target, mode ?? (content === undefined && file === undefined ? 0o755 : 0o644))
}

/** Dates are part of a layer. */
async function setDates(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await setDates(join(path, entry.name))
    else await lutimes(join(path, entry.name), epoch, epoch)
  }
  await lutimes(path, epoch, epoch)
}
await setDates(folder)
