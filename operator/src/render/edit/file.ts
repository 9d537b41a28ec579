/** Files of a repository: which objects they hold, and how one object in them is changed, added or removed. */
import { identityKey, parseApiVersion } from '../../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../../objects/object.ts'
import type { FileReading, HeldDocument } from '../../plan/holdings.ts'
import { contentId } from '../content-id.ts'
import { keepIgnored, removeIgnored } from '../ignore.ts'
import type { Pointer } from '../ignore.ts'
import { toJson } from '../json.ts'
import { orderObject } from '../order.ts'
import { isRecord } from '../tree.ts'
import { toYaml } from '../yaml.ts'
import { clarify, hasUnclear, limitLexemes, parseYaml, UnreadableYamlError } from './exact-yaml.ts'
import { isEmptyScalar, UneditableError } from './nodes.ts'
import { patchText } from './patch.ts'
import { isStrictJson } from './print.ts'
import { joinDocuments, splitDocuments } from './segments.ts'

export interface FileStyle {
  readonly format: 'YAML' | 'JSON'
  /** Places whose values in a file are left alone. Default none. */
  readonly ignore?: readonly Pointer[]
  /** Whether a file may differ from the printed form of its object. Default true; false compares and writes whole documents. */
  readonly inPlace?: boolean
}

/** Larger files are left alone. */
export const MAX_FILE_BYTES = 4 << 20
const MAX_DOCUMENTS = 5_000

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** What the file holds. */
export function readFile(bytes: Uint8Array, style: FileStyle): FileReading {
  try {
    return { documents: pieces(bytes).flatMap((piece) => held(piece, style) ?? []) }
  } catch (error) {
    if (error instanceof UnreadableYamlError) return { documents: null, problem: error.message }
    throw error
  }
}

function pieces(bytes: Uint8Array): string[] {
  if (bytes.length > MAX_FILE_BYTES) throw new UnreadableYamlError(`larger than ${MAX_FILE_BYTES} bytes`)
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new UnreadableYamlError('not UTF-8')
  }
  const all = splitDocuments(text)
  if (all.length > MAX_DOCUMENTS) throw new UnreadableYamlError(`more than ${MAX_DOCUMENTS} documents`)
  limitLexemes(all)
  return all
}

/** Undefined where a piece is nothing but comments. */
function held(piece: string, style: FileStyle): HeldDocument | undefined {
  const { document, value } = parseYaml(piece)
  if (isEmptyScalar(document.contents)) return undefined
  const identity = identityOf(value)
  if (identity === null) return { key: null, identity, oid: '' }
  return { key: identityKey(identity), identity, oid: contentOf(piece, value, style) }
}

/** The id that the content has when it is printed, or that it has as it stands where that matters. */
function contentOf(piece: string, value: unknown, style: FileStyle): string {
  const body = piece.replace(/^---[ \t]*\r?\n/, '')
  const isSealed = isRecord(value) && isRecord(value['sops'])
  if (style.inPlace === false || isSealed) return contentId(encoder.encode(body))
  const shown = removeIgnored(value as KubernetesObject, style.ignore ?? [])
  // What no printed form says is not printed.
  if (hasUnclear(shown)) return contentId(encoder.encode(body))
  return contentId(encoder.encode(outdated(body, value, style) ?? print(shown, style)))
}

/** A file that the operator printed in the other format, before the layout named this one. */
function outdated(body: string, value: unknown, { format }: FileStyle): string | undefined {
  if (format === 'JSON') return isStrictJson(body) ? undefined : body
  if (!body.startsWith('{') || hasUnclear(value)) return undefined
  return body === toJson(orderObject(value as KubernetesObject)) ? body : undefined
}

function print(object: KubernetesObject, { format }: FileStyle): string {
  const ordered = orderObject(object)
  return format === 'JSON' ? toJson(ordered) : toYaml(ordered)
}

function identityOf(value: unknown): ObjectIdentity | null {
  if (!isRecord(value)) return null
  const { apiVersion, kind, metadata } = value
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isRecord(metadata)) return null
  const { name, namespace } = metadata
  if (typeof name !== 'string') return null
  const id = { group: parseApiVersion(apiVersion).group, kind, name }
  return typeof namespace === 'string' ? { ...id, namespace } : id
}

/** What is to become of one object in a file. */
export interface ObjectEdit {
  readonly key: string
  /** The content of a file of its own; null takes the object out. */
  readonly content: Uint8Array | null
  /** Nothing of what is there may stay, as where a checksum covers it. Default false. */
  readonly isWhole?: boolean
}

/** The file after the edits. */
export interface EditedFile {
  /** Null where nothing is left. */
  readonly bytes: Uint8Array | null
  readonly reading: FileReading
}

/**
 * Changes, adds and removes objects. Other documents, and what is equal in these, stay byte for byte; an object that is new
 * comes before the first one whose key is greater. What holds no object at all is replaced.
 * @param bytes the file as it is; null for none
 * @throws UnreadableYamlError when `bytes` cannot be read
 */
export function editFile(bytes: Uint8Array | null, edits: readonly ObjectEdit[], style: FileStyle): EditedFile {
  const documents = (bytes === null ? [] : pieces(bytes)).map((text) => {
    const { document, value } = parseYaml(text)
    const identity = identityOf(value)
    return { text, isEmpty: isEmptyScalar(document.contents), key: identity === null ? null : identityKey(identity) }
  })
  let all = documents.some(({ key }) => key !== null) ? documents : []
  for (const { key, content, isWhole = false } of edits) {
    const index = all.findIndex((document) => document.key === key)
    const before = all[index]
    if (content === null) all = all.filter((_, i) => i !== index)
    else if (before !== undefined) {
      const text = editDocument(before.text, decoder.decode(content), isWhole ? { ...style, inPlace: false } : style)
      all = all.with(index, { ...before, text })
    } else {
      const at = all.findIndex((document) => document.key !== null && document.key > key)
      all = all.toSpliced(at < 0 ? all.length : at, 0, { text: decoder.decode(content), isEmpty: false, key })
    }
  }
  // Comments alone are no file.
  if (all.every(({ isEmpty }) => isEmpty)) return { bytes: null, reading: { documents: [] } }
  const texts = all.map(({ text }) => text)
  // A marker that only parted it from what stood before it goes with that.
  if (documents[0] !== all[0] && documents[0]?.text.startsWith('---') !== true) {
    texts[0] = (texts[0] ?? '').replace(/^---[ \t]*\r?\n/, '')
  }
  const edited = encoder.encode(joinDocuments(texts))
  return { bytes: edited, reading: readFile(edited, style) }
}

function editDocument(piece: string, content: string, style: FileStyle): string {
  const target = parseYaml(content).value as KubernetesObject
  const marker = /^---(?:[ \t]*#[^\r\n]*|[ \t]*)(?:\r?\n|$)/.exec(piece)?.[0] ?? ''
  const { value } = parseYaml(piece)
  const body = piece.slice(marker.length)
  if (style.inPlace === false || outdated(body, value, style) !== undefined) return marker + content
  const wanted = keepIgnored(target, value, style.ignore ?? [])
  try {
    return patchText(piece, orderObject(wanted as KubernetesObject))
  } catch (error) {
    if (!(error instanceof UneditableError)) throw error
    // A form that is not edited, as with anchors that go: the comments above it are all that can stay.
    const head = /^(?:[ \t]*(?:#[^\r\n]*)?\r?\n)*/.exec(body)?.[0] ?? ''
    return marker + head + print(clarify(wanted) as KubernetesObject, style)
  }
}
