import { isObjectId } from '../../format/object-id.ts'
import { DELIMITER, FLUSH, packetLine } from '../../format/packet-line.ts'
import { errorAnswer, packAnswer, refsAnswer, result } from '../answers.ts'
import type { ListedRef } from '../answers.ts'
import type { Answer } from '../fake-transport.ts'
import { parseFilter } from './filter.ts'
import type { Filter } from './filter.ts'
import { selectObjects } from './select-objects.ts'
import { peel } from './store.ts'
import type { Store } from './store.ts'

const UNFILTERED: Filter = { blobs: true, depth: Number.POSITIVE_INFINITY }

/** A command of protocol version 2 (gitprotocol-v2), of which these are the lines. */
export function uploadPack(store: Store, lines: readonly string[]): Answer {
  const args = lines.filter((line) => !/^(?:command|agent|object-format|session-id)=/.test(line))
  const format = valueOf(lines, 'object-format=') ?? 'sha1'
  if (format !== store.format.name) return errorAnswer(`mismatched object format; ${format}`)
  switch (lines[0]) {
    case 'command=ls-refs':
      return lsRefs(store, args)
    case 'command=fetch':
      return fetch(store, args)
    case 'command=object-info':
      return objectInfo(store, args)
    default:
      return errorAnswer(`unknown request '${lines[0] ?? ''}'`)
  }
}

export function listRefs(store: Store): ListedRef[] {
  const { refs, head } = store
  const names = [...refs.keys()].sort()
  const listed = names.map((name) => listedRef(store, name, refs.get(name) as string))
  return [{ name: 'HEAD', oid: refs.get(head) ?? null, symref: head }, ...listed]
}

function listedRef(store: Store, name: string, oid: string): ListedRef {
  const peeled = peel(store, oid)
  return { name, oid, ...(peeled === undefined ? {} : { peeled }) }
}

function lsRefs(store: Store, args: readonly string[]): Answer {
  const prefixes = valuesOf(args, 'ref-prefix ')
  const listed = listRefs(store).filter(
    ({ name, oid }) =>
      (oid !== null || args.includes('unborn')) &&
      (prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix))),
  )
  return refsAnswer(listed)
}

function fetch(store: Store, args: readonly string[]): Answer {
  const wants = valuesOf(args, 'want ')
  const unknown = wants.find((oid) => !isObjectId(oid) || !store.objects.has(oid))
  if (unknown !== undefined) return errorAnswer(`upload-pack: not our ref ${unknown}`)
  const spec = valueOf(args, 'filter ')
  const filter = spec === undefined ? UNFILTERED : parseFilter(spec)
  if (filter === undefined) return errorAnswer(`invalid filter-spec '${spec}'`)
  if (!args.includes('done')) return errorAnswer('this server does not negotiate: say done')
  const haves = valuesOf(args, 'have ').filter((oid) => store.objects.has(oid))
  const deepen = valueOf(args, 'deepen ')
  const { objects, cut } = selectObjects(store, {
    wants,
    haves,
    shallow: valuesOf(args, 'shallow '),
    deepen: deepen === undefined ? Number.POSITIVE_INFINITY : Number(deepen),
    filter,
  })
  const entries = [...objects].flatMap((oid) => store.objects.get(oid) ?? [])
  const shallowInfo = [packetLine('shallow-info\n'), ...cut.map((oid) => packetLine(`shallow ${oid}\n`)), DELIMITER]
  return packAnswer(entries, { format: store.format, before: deepen === undefined ? [] : shallowInfo })
}

function objectInfo(store: Store, args: readonly string[]): Answer {
  const sizes = valuesOf(args, 'oid ').map((oid) => `${oid} ${store.objects.get(oid)?.bytes.length ?? ''}`)
  return result('git-upload-pack', [...['size', ...sizes].map((line) => packetLine(line)), FLUSH])
}

function valuesOf(lines: readonly string[], prefix: string): string[] {
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length))
}

const valueOf = (lines: readonly string[], prefix: string): string | undefined => valuesOf(lines, prefix)[0]
