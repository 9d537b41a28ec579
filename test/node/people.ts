import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import type { Version } from '../chaos/edits.ts'
import { faultsOfHistory } from '../chaos/history.ts'
import { readBlobs, withoutServerFields } from '../chaos/oracle.ts'
import { folderOf } from '../chaos/tenants.ts'
import type { Api, KubeObject, Ref } from '../e2e/harness/api.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import type { TestRepository } from '../kit/remote/index.ts'

const MANAGERS = ['kubectl-edit', 'helm', 'dashboard'] as const
/** A folder may lose ten objects in ten minutes; more is a mass deletion, which is held back. */
const DELETIONS = 5
const OBJECTS = 8
const LONGEST_PAUSE_MS = 40

/** People who edit ConfigMaps of one namespace, and what Git must hold because of them. */
export interface People {
  /** Edits made so far. */
  readonly count: number
  /** Edits without end until `stop`. */
  start(): void
  stop(): Promise<void>
  /** Waits until Git equals what they have made. Throws naming the differences. */
  settled(): Promise<void>
  /** What is wrong in Git's history: lost, repeated, or in the wrong order. */
  faults(): Promise<string[]>
}

export async function createPeople(api: Api, store: TestRepository, namespace: string): Promise<People> {
  const versions = new Map<string, Version[]>()
  const type = { apiVersion: 'v1', kind: 'ConfigMap' } as const
  const ref = (name: string): Ref => ({ ...type, namespace, name })
  const names: string[] = []
  let count = 0
  let deletions = 0
  let editing: { over: boolean; readonly ended: Promise<void> } | undefined

  const pathOf = (name: string): string => `${folderOf(namespace)}/${namespace}/configmap/${name}.yaml`
  const remember = (object: KubeObject, manager: string, isGone = false): void => {
    const path = pathOf(object.metadata.name)
    const list = versions.get(path) ?? []
    list.push({ manager, content: isGone ? null : withoutServerFields(object) })
    versions.set(path, list)
  }
  // Each object has its own editor: of two within a second the cluster does not say who was the later.
  const managerOf = (name: string): string => MANAGERS[Number(name.slice(1)) % MANAGERS.length] ?? MANAGERS[0]
  const create = async (): Promise<void> => {
    const metadata = { name: `o${++count}`, namespace }
    const by = managerOf(metadata.name)
    remember(await api.create({ ...type, metadata, data: { count: String(count) } }, { manager: by }), by)
    names.push(metadata.name)
  }
  // What controllers put into the namespace is selected as well.
  for (const object of await api.list({ ...type, namespace })) remember({ ...object, ...type }, '')
  for (let i = 0; i < OBJECTS; i++) await create()

  const edit = async (): Promise<void> => {
    const name = names[count % names.length] ?? ''
    if (count % 17 === 0) return await create()
    if (count % 41 === 0 && deletions < DELETIONS) {
      deletions++
      count++
      names.splice(names.indexOf(name), 1)
      const object = await api.get(ref(name))
      await api.delete(ref(name))
      return remember(object, managerOf(name), true)
    }
    const by = managerOf(name)
    remember(await api.patch(ref(name), { data: { count: String(++count) } }, { manager: by }), by)
  }

  const differences = async (): Promise<string[]> => {
    const entries = (await store.resolve('main')) === null ? [] : await store.lsTree('main', 'tenants')
    const files = entries.filter(({ path }) => !path.endsWith('/.gitsync'))
    const contents = await readBlobs(
      store,
      files.map(({ oid }) => oid),
    )
    const found = new Map(files.map(({ path, oid }) => [path, parse(contents.get(oid) ?? '') as unknown]))
    const paths = new Set([...found.keys(), ...versions.keys()])
    return [...paths].filter(
      (path) => !isDeepStrictEqual(found.get(path) ?? null, versions.get(path)?.at(-1)?.content ?? null),
    )
  }

  return {
    get count() {
      return count
    },
    start() {
      const loop = async (state: { over: boolean }): Promise<void> => {
        while (!state.over) {
          await edit()
          await pause((count * 7) % LONGEST_PAUSE_MS)
        }
      }
      const state = { over: false }
      editing = Object.assign(state, { ended: loop(state) })
    },
    async stop() {
      if (editing === undefined) return
      editing.over = true
      await editing.ended
    },
    async settled() {
      let last: string[] = []
      await waitFor(
        'Git equals the cluster',
        async () => {
          last = await differences()
          if (last.length > 0) throw new Error(`these differ: ${last.join(', ')}`)
          return true
        },
        { timeout: 30_000 },
      )
    },
    async faults() {
      const found = await faultsOfHistory(store, versions)
      for (const path of versions.keys()) {
        const counts = await countsOf(store, path)
        for (const [index, each] of counts.entries()) {
          if (index > 0 && each <= (counts[index - 1] ?? 0)) found.push(`${path} goes through ${counts.join(', ')}`)
        }
      }
      return found
    },
  }
}

/** The numbers that a file has had, in the order of the branch's commits. */
async function countsOf(store: TestRepository, path: string): Promise<number[]> {
  const log = await store.git('log', '--reverse', '--raw', '--no-abbrev', '--format=', 'main', '--', path)
  const oids = log
    .split('\n')
    .flatMap((line) => /^:\d+ \d+ [0-9a-f]+ ([0-9a-f]*[1-9a-f][0-9a-f]*) /.exec(line)?.[1] ?? [])
  const contents = await readBlobs(store, oids)
  return oids.flatMap((oid) => {
    const { data } = parse(contents.get(oid) ?? '') as { readonly data?: { readonly count?: string } }
    return data?.count === undefined ? [] : [Number(data.count)]
  })
}
