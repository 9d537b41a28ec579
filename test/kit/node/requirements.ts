import { access, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** A machine on which no node can be started; the message says what it lacks. */
export class NodeRequirementError extends Error {
  readonly code = 'NODE_REQUIREMENT'

  constructor(lack: string) {
    super(`a Kubernetes node cannot be started here: ${lack}`)
    this.name = 'NodeRequirementError'
  }
}

const exists = async (path: string): Promise<boolean> =>
  await access(path).then(
    () => true,
    () => false,
  )

const TOOLS: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  pivot_root: 'util-linux',
  ip: 'iproute2',
  openssl: 'openssl',
}

/** Throws NodeRequirementError, in one sentence, when the machine is not one that can hold a node in namespaces of its own. */
export async function checkMachine(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (process.platform !== 'linux') throw new NodeRequirementError(`it needs Linux, not ${process.platform}`)
  if (process.getuid?.() !== 0) {
    throw new NodeRequirementError('it needs root, for namespaces, mounts and cgroups: run the tests as root')
  }
  const folders = (env['PATH'] ?? '').split(delimiter)
  for (const [tool, bringer] of Object.entries(TOOLS)) {
    const found = await Promise.all(folders.map((folder) => exists(join(folder, tool))))
    if (!found.includes(true)) throw new NodeRequirementError(`${tool} is missing: install ${bringer}`)
  }
  if (!(await readFile('/proc/filesystems', 'utf8')).includes('\toverlay\n')) {
    throw new NodeRequirementError('the kernel has no overlay file system: load its module with `modprobe overlay`')
  }
}
