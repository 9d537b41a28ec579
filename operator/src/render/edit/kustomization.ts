/** The file with which kustomize finds the others of a folder. */
import { contentId } from '../content-id.ts'
import { isRecord } from '../tree.ts'
import { toYaml } from '../yaml.ts'
import { parseYaml, UnreadableYamlError } from './exact-yaml.ts'
import { UneditableError } from './nodes.ts'
import { patchText } from './patch.ts'

/** Names that kustomize looks for; the first is what is made where there is none. */
export const KUSTOMIZATION_FILES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const

/** What has to be known of one. */
export interface Kustomization {
  readonly resources: readonly string[]
  /** Nothing in it but the list. */
  readonly isBare: boolean
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** As it is written where there is none. */
export function newKustomization(resources: readonly string[]): Uint8Array {
  return encoder.encode(toYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources }))
}

/** Whether the content is what is written for just these files. */
export const isNewKustomization = (oid: string, resources: readonly string[]): boolean =>
  contentId(newKustomization(resources)) === oid

/** @throws UnreadableYamlError */
export function readKustomization(bytes: Uint8Array): Kustomization {
  const { value } = parse(bytes)
  const resources = value['resources'] ?? []
  if (!Array.isArray(resources) || !resources.every((entry) => typeof entry === 'string')) {
    throw new UnreadableYamlError('resources is no list of texts')
  }
  const isBare = Object.keys(value).every((key) => ['apiVersion', 'kind', 'resources'].includes(key))
  return { resources, isBare }
}

/**
 * The file with another list; everything else in it stays.
 * @throws UnreadableYamlError
 */
export function editKustomization(bytes: Uint8Array, resources: readonly string[]): Uint8Array {
  const { text, value } = parse(bytes)
  const before: unknown = value['resources']
  const kept = Array.isArray(before) ? before.filter((entry: string) => resources.includes(entry)) : []
  try {
    // One after the other, so that no entry takes the place, and the comment, of another.
    const shorter = kept.length === 0 ? text : patchText(text, { ...value, resources: kept })
    return encoder.encode(patchText(shorter, { ...value, resources }))
  } catch (error) {
    if (error instanceof UneditableError) throw new UnreadableYamlError(error.message)
    throw error
  }
}

function parse(bytes: Uint8Array): { readonly text: string; readonly value: Readonly<Record<string, unknown>> } {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    throw new UnreadableYamlError('not UTF-8')
  }
  const { value } = parseYaml(text)
  if (!isRecord(value)) throw new UnreadableYamlError('it is no map')
  return { text, value }
}

/**
 * The list that a folder needs: what is there of it in its order, without files that are gone, with those that are missing.
 * @param entries files and folders that must be in it
 * @param exists whether an entry without a path is a file or folder
 */
export function listResources(
  listed: readonly string[],
  entries: readonly string[],
  exists: (entry: string) => boolean,
): readonly string[] {
  const plain = (entry: string): string => entry.replace(/^\.\//, '').replace(/\/$/, '')
  // What lies elsewhere is somebody's own.
  const kept = listed.filter(
    (entry) => plain(entry).includes('/') || plain(entry).startsWith('..') || exists(plain(entry)),
  )
  const known = new Set(kept.map(plain))
  const result = [...kept]
  for (const entry of entries.filter((each) => !known.has(each)).sort()) {
    const at = result.findIndex((other) => !plain(other).includes('/') && plain(other) > entry)
    result.splice(at < 0 ? result.length : at, 0, entry)
  }
  return result
}
