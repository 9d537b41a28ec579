import { GitError } from '../../format/errors.ts'
import { isObjectId, objectFormat } from '../../format/object-id.ts'
import type { KeptPack, RepositoryState, RetiredPack, StoredRef } from './repository-store.ts'

/** Another number for what this version could not read. */
const VERSION = 1

/** The state of a repository as JSON, a ref or a pack in each line: people may have to read it. */
export function printState({ id, format, head, refs, packs, retired }: RepositoryState): string {
  const lines = (items: readonly unknown[]): string => items.map((item) => `\n  ${JSON.stringify(item)}`).join(',')
  const listed = [...refs]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { oid, peeled }]) => [name, oid, ...(peeled === undefined ? [] : [peeled])])
  const kept = packs.map((pack) => [pack.id, pack.name, pack.size, pack.objects])
  const gone = retired.map((pack) => [pack.id, pack.at])
  const first = JSON.stringify({ version: VERSION, id, format: format.name, head }).slice(0, -1)
  return `${first},\n"refs": [${lines(listed)}],\n"packs": [${lines(kept)}],\n"retired": [${lines(gone)}]}\n`
}

/** @throws GitError `Malformed` */
export function parseState(text: string): RepositoryState {
  const { version, id, format: formatName, head, refs, packs, retired } = fieldsOf(text)
  if (version !== VERSION) throw damaged(`has version ${String(version)}, and this release reads ${VERSION}`)
  const format = objectFormat(String(formatName))
  if (typeof id !== 'string' || typeof head !== 'string' || format === undefined)
    throw damaged('lacks id, head or format')
  if (!Array.isArray(refs) || !Array.isArray(packs) || !Array.isArray(retired))
    throw damaged('lacks refs, packs or retired packs')
  return { id, format, head, refs: new Map(refs.map(refOf)), packs: packs.map(packOf), retired: retired.map(retiredOf) }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw damaged('is no JSON object')
}

function refOf(item: unknown): [name: string, ref: StoredRef] {
  const [name, oid, peeled] = Array.isArray(item) ? (item as unknown[]) : []
  if (typeof name !== 'string' || !isId(oid) || (peeled !== undefined && !isId(peeled)))
    throw damaged('has a ref that is none')
  return [name, peeled === undefined ? { oid } : { oid, peeled }]
}

function packOf(item: unknown): KeptPack {
  const [id, name, size, objects] = Array.isArray(item) ? (item as unknown[]) : []
  if (!isKey(id) || !isId(name) || !Number.isSafeInteger(size) || !Number.isSafeInteger(objects))
    throw damaged('has a pack that is none')
  return { id, name, size: size as number, objects: objects as number }
}

function retiredOf(item: unknown): RetiredPack {
  const [id, at] = Array.isArray(item) ? (item as unknown[]) : []
  if (!isKey(id) || !Number.isSafeInteger(at)) throw damaged('has a retired pack that is none')
  return { id, at: at as number }
}

/** It becomes a part of paths. */
const isKey = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f-]{1,64}$/.test(value)

const isId = (value: unknown): value is string => typeof value === 'string' && isObjectId(value)
const damaged = (how: string): GitError => new GitError('Malformed', `the state of a repository ${how}`)
