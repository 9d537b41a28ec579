import type { TestRepository } from '../test/kit/remote/index.ts'
import { seeded } from '../test/chaos/random.ts'

export interface Shape {
  readonly files: number
  readonly commits: number
}

export const SHAPES: readonly Shape[] = [
  { files: 100, commits: 50 },
  { files: 800, commits: 200 },
  { files: 3_300, commits: 1_000 },
  { files: 16_000, commits: 3_000 },
]

const PER_FOLDER = 40
const KINDS = ['configmap', 'deployment.apps', 'service']
const FIRST_COMMIT = 1_700_000_000

/** Path of a file: four folders deep, forty files in each, as a fleet of clusters writes them. */
export function pathOf(file: number): string {
  const folder = Math.floor(file / PER_FOLDER)
  const namespace = Math.floor(folder / KINDS.length)
  return `clusters/c${Math.floor(namespace / 25)}/team-${namespace}/${KINDS[folder % KINDS.length]}/object-${file}.yaml`
}

/** 1.2 KB that compress as manifests do. */
export function contentOf(file: number, version: number): string {
  const random = seeded(file * 100_003 + version)
  const lines = Array.from(
    { length: 16 },
    (_, i) =>
      `  key-${i}: "${Math.floor(random.next() * 2 ** 32).toString(36)} setting of object ${file}, number ${i}"`,
  )
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: object-${file}\n  labels:\n    version: "${version}"\ndata:\n${lines.join('\n')}\n`
}

/** Fills an empty repository: all files in the first commit, then a commit for each of many edits. Always the same bytes. */
export async function fill(repository: TestRepository, { files, commits }: Shape): Promise<void> {
  const random = seeded(files)
  const script: string[] = []
  const commit = (number: number, changed: readonly number[]): void => {
    const who = `Bench <bench@example.com> ${FIRST_COMMIT + number * 60} +0000`
    script.push(`commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata 5\nEdit\n\n`)
    for (const file of changed) {
      const content = contentOf(file, number)
      script.push(`M 644 inline ${pathOf(file)}\ndata ${content.length}\n${content}\n`)
    }
  }
  commit(
    0,
    Array.from({ length: files }, (_, file) => file),
  )
  for (let number = 1; number < commits; number++) commit(number, [random.int(files)])
  await repository.gitWith({ input: script.join('') }, 'fast-import', '--quiet', '--date-format=raw')
  await repository.git('repack', '-adq')
}
