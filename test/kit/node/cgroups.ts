import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NodeRequirementError } from './requirements.ts'

const ROOT = '/sys/fs/cgroup'
/** What the kubelet and runc put pods under. */
const V1 = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'] as const
const V2 = ['cpu', 'cpuset', 'memory', 'pids'] as const

/** A node's own part of the machine's control groups. */
export interface Cgroups {
  /** As the kubelet's `cgroupRoot` names it. */
  readonly root: string
  /** Removes the part and all below it, once its processes are gone. */
  remove(): Promise<void>
}

const isFolder = async (path: string): Promise<boolean> =>
  await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Makes a part named `name`, of version 1 or 2 of the control groups, whichever the machine has. */
export async function createCgroups(name: string): Promise<Cgroups> {
  const unified = !(await isFolder(join(ROOT, 'memory')))
  const folders = unified ? [join(ROOT, name)] : V1.map((controller) => join(ROOT, controller, name))
  if (unified) await writeFile(join(ROOT, 'cgroup.subtree_control'), V2.map((controller) => `+${controller}`).join(' '))
  try {
    for (const folder of folders) await mkdir(folder)
  } catch (error) {
    await remove(folders)
    throw new NodeRequirementError(`its control groups cannot be made: ${String(error)}`)
  }
  if (!unified) {
    // Here a group starts with no processors and no memory, and takes no process until it has some.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      await writeFile(join(ROOT, 'cpuset', name, file), await readFile(join(ROOT, 'cpuset', file)))
    }
  }
  // Where both versions are there, runc makes groups of the other as well.
  const all = unified ? folders : [...folders, join(ROOT, 'unified', name)]
  return { root: `/${name}`, remove: () => remove(all) }
}

/** The kernel needs a moment after the last process: `PATIENCE` milliseconds at most. */
const PATIENCE = 10_000

async function remove(folders: readonly string[]): Promise<void> {
  const deadline = performance.now() + PATIENCE
  for (const folder of folders) {
    while (await isFolder(folder)) {
      try {
        await removeDeepestFirst(folder)
      } catch (error) {
        if (performance.now() > deadline) throw error
        await pause(50)
      }
    }
  }
}

async function removeDeepestFirst(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeDeepestFirst(join(folder, entry.name))
  }
  await rmdir(folder)
}
