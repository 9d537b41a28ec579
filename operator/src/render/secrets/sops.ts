/**
 * Whole files as sops writes them: values encrypted, keys readable, and a section `sops` with the wrapped data key, a sum of
 * all values, and the rule by which values are chosen.
 */
import { createHash } from 'node:crypto'
import { identityKey, parseApiVersion, type KubernetesObject } from '../../objects/object.ts'
import type { Pointer } from './pointer.ts'
import { ProtectionError } from './protection-error.ts'
import { mapLeaves } from './replace.ts'
import { isSecret, places, type Position } from './sensitive.ts'
import { toLeaf, ValueCipher } from './sops-value.ts'

/** What a GitSync encrypts with. */
export interface EncryptionKeys {
  /** 32 bytes */
  readonly dataKey: Uint8Array
  /** The data key for each recipient: an armored age file. */
  readonly wrapped: readonly { readonly recipient: string; readonly enc: string }[]
  /** When the data key was made, RFC 3339 in whole seconds: a file says nothing of when it was written, so that it stays the same. */
  readonly created: string
}

/** The release whose format this is. */
const SOPS_VERSION = '3.11.0'
const SECTION = 'sops'

/** The rule goes by the names of keys, wherever they are; a file whose own name is encrypted could not be told from others. */
const NEVER_BY_NAME = new Set(['apiVersion', 'kind', 'metadata', 'name', 'namespace'])

/**
 * The object as a file of sops; the object's keys must be in the order of the file. sops chooses values by the names of the
 * keys above them, so that more may be encrypted than the pointers say.
 * @throws ProtectionError
 */
export function encryptObject(
  object: KubernetesObject,
  pointers: readonly Pointer[],
  keys: EncryptionKeys,
  format: 'YAML' | 'JSON',
): KubernetesObject {
  if (Object.hasOwn(object, SECTION)) throw new ProtectionError(`it has a field ${SECTION}, where sops keeps its own`)
  const names = encryptedNames(object, pointers)
  const cipher = new ValueCipher(keys.dataKey)
  const place = identityKey({ ...object, ...object.metadata, group: parseApiVersion(object.apiVersion).group })
  const sum = createHash('sha512')
  const encrypted = mapLeaves(object, (value, at) => {
    const leaf = toLeaf(value, format)
    sum.update(leaf.text)
    const path = at.filter((part) => typeof part === 'string')
    if (!path.some((key) => names.has(key))) return value
    return cipher.encrypt(leaf, `${path.join(':')}:`, JSON.stringify([place, at]))
  })
  const mac = { type: 'str', text: sum.digest('hex').toUpperCase() } as const
  return {
    ...(encrypted as KubernetesObject),
    [SECTION]: {
      age: keys.wrapped.map(({ recipient, enc }) => ({ recipient, enc })),
      lastmodified: keys.created,
      mac: cipher.encrypt(mac, keys.created, place),
      encrypted_regex: `^(${[...names].sort().map(literal).join('|')})$`,
      version: SOPS_VERSION,
    },
  }
}

/** Names of keys below which everything is encrypted. */
function encryptedNames(object: KubernetesObject, pointers: readonly Pointer[]): ReadonlySet<string> {
  const names = new Set(isSecret(object) ? ['annotations', 'data', 'stringData'] : [])
  for (const { at } of places(object, pointers)) names.add(nameOf(at))
  return names
}

/** The nearest key by which the place can be chosen. */
function nameOf(at: Position): string {
  const name = at.findLast((part) => typeof part === 'string' && !NEVER_BY_NAME.has(part))
  if (typeof name === 'string') return name
  throw new ProtectionError(
    `/${at.join('/')} cannot be encrypted alone: sops would encrypt the object's own name as well`,
  )
}

/** As it stands in a regular expression of Go. */
function literal(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`)
}

/** Whether any of the pointers leads somewhere. */
export function hasSensitive(object: KubernetesObject, pointers: readonly Pointer[]): boolean {
  return places(object, pointers).next().done !== true
}
