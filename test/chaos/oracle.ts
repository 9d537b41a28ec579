/**
 * What Git must hold, told from the cluster without the operator's own rendering: the object as the API server has it,
 * without the fields that the documentation says are removed.
 */
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'yaml'
import type { EmbeddedApiServer, KubeObject } from '../kit/apiserver/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { folderOf, KINDS } from './tenants.ts'

type Fields = Readonly<Record<string, unknown>>

const REMOVED_METADATA = new Set([
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
  'ownerReferences',
])

/** The object that the file must say. */
export function withoutServerFields(object: KubeObject): Fields {
  const { status: _status, metadata, ...rest } = object as KubeObject & Fields
  const kept = Object.entries(metadata).filter(([key]) => !REMOVED_METADATA.has(key))
  // Without undefined values, which no file can hold.
  return JSON.parse(JSON.stringify({ ...rest, metadata: Object.fromEntries(kept) })) as Fields
}

/** Path in the repository, and what the file there must say, of everything that tenants select. */
function expectedFiles({ objects }: EmbeddedApiServer, namespaces: readonly string[]): Map<string, Fields> {
  const files = new Map<string, Fields>()
  for (const namespace of namespaces) {
    for (const { apiVersion, kind, type } of KINDS) {
      for (const object of objects.list({ apiVersion, kind, namespace })) {
        if (object.metadata.labels?.['gitsync.dev/internal'] === 'true') continue
        files.set(
          `${folderOf(namespace)}/${namespace}/${type}/${object.metadata.name}.yaml`,
          withoutServerFields(object),
        )
      }
    }
  }
  return files
}

/** How the files below the tenants' folders differ from what they must be; empty when they do not. */
export async function differences(
  api: EmbeddedApiServer,
  store: TestRepository,
  namespaces: readonly string[],
): Promise<string[]> {
  const expected = expectedFiles(api, namespaces)
  const found: string[] = []
  const files = (await store.resolve('main')) === null ? [] : await store.lsTree('main', 'tenants')
  const contents = await readBlobs(
    store,
    files.map(({ oid }) => oid),
  )
  for (const { path, oid } of files) {
    if (path.endsWith('/.gitsync')) continue
    const wanted = expected.get(path)
    expected.delete(path)
    if (wanted === undefined) found.push(`${path} is in Git, but there is no such object`)
    else if (!isDeepStrictEqual(parse(contents.get(oid) ?? ''), wanted))
      found.push(`${path} does not say what the object is`)
  }
  for (const path of expected.keys()) found.push(`${path} is missing in Git`)
  return found
}

/** Contents of blobs by id, with one process for all. */
export async function readBlobs(store: TestRepository, oids: readonly string[]): Promise<Map<string, string>> {
  const wanted = [...new Set(oids)]
  const contents = new Map<string, string>()
  if (wanted.length === 0) return contents
  const text = Buffer.from(await store.gitWith({ input: `${wanted.join('\n')}\n` }, 'cat-file', '--batch'))
  let at = 0
  for (const oid of wanted) {
    const end = text.indexOf('\n', at)
    const size = Number(text.toString('latin1', at, end).split(' ')[2])
    contents.set(oid, text.toString('utf8', end + 1, end + 1 + size))
    at = end + 1 + size + 1
  }
  return contents
}
