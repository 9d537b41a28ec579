/** What people do in Git. */
import type { TestRepository } from '../../kit/remote/index.ts'
import type { Scene, Step } from './scene.ts'
import type { Spec } from './specs.ts'

/** Paths of the files that hold objects in a folder. */
async function filesOf(store: TestRepository, { repository: { branch, path } }: Spec): Promise<string[]> {
  if ((await store.resolve(branch)) === null) return []
  const files = await store.lsTree(branch, path)
  return files.flatMap((file) => (/\.(ya?ml|json)$/.test(file.path) ? [file.path] : []))
}

/** Commits as a person does who has just fetched; false when the operator was faster. */
export async function commitAs(
  { rig: { store } }: Scene,
  branch: string,
  changes: Readonly<Record<string, string | null>>,
): Promise<boolean> {
  const before = await store.resolve(branch)
  try {
    await store.commitFiles(changes, { branch, time: Math.floor(Date.now() / 1000) })
    return true
  } catch (error) {
    if ((await store.resolve(branch)) === before) throw error
    return false
  }
}

export const drift: Step = async (scene, random) => {
  const { store } = scene.rig
  const spec = random.pick(scene.specs)
  const { branch, path: folder } = spec.repository
  const files = await filesOf(store, spec)
  const count = ++scene.count
  const what = random.pick([
    'outside',
    'text',
    'stranger',
    'comment',
    'comment',
    'value',
    'value',
    'break',
    'move',
    'delete',
    'copy',
  ])
  const commit = async (changes: Record<string, string | null>): Promise<string | undefined> => {
    if (!(await commitAs(scene, branch, changes))) return undefined
    return `person, ${what}: ${Object.entries(changes)
      .map(([path, text]) => `${path}${text === null ? ' (gone)' : ''}`)
      .join()}`
  }
  if (what === 'outside')
    return commit({
      [random.pick(['README.md', `${folder}.md`, 'apps/web.yaml', `${folder}x/a.yaml`])]: `note: ${count}\n`,
    })
  if (what === 'text') return commit({ [`${folder}/notes-${count % 3}.md`]: `note ${count}\n` })
  if (what === 'stranger') {
    const stranger = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stranger-${count}\n  namespace: n1\ndata:\n  made: by hand\n`
    return commit({ [`${folder}/by-hand/${count % 3}.yaml`]: stranger })
  }
  if (files.length === 0) return undefined
  const path = random.pick(files)
  const text = (await store.readFile(branch, path).catch(() => Buffer.alloc(0))).toString()
  if (text === '') return undefined
  const end = path.slice(path.lastIndexOf('.'))
  switch (what) {
    case 'comment':
      return end === '.json' ? undefined : commit({ [path]: `# remark ${count}\n${text}` })
    case 'value':
      // On its own line, as people see it: values of several lines are too much trouble.
      return commit({ [path]: text.replace(/(level"?: *)(?![|>])[^\n]*?(,?)$/m, `$1"${count} by hand"$2`) })
    case 'break':
      return commit({ [path]: `${text}\n{ <<<<<<< ${count}\n` })
    case 'move':
      return commit({ [path]: null, [`${folder}/moved/m${count}${end}`]: text })
    case 'copy':
      return commit({ [`${folder}/copies/c${count}${end}`]: text })
    default:
      return commit({ [path]: null })
  }
}
