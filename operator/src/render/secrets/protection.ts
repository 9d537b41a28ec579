/** What becomes of what must not be shown. */
import { createHash, createHmac } from 'node:crypto'
import { identityKey, parseApiVersion, type KubernetesObject } from '../../objects/object.ts'
import { parsePointer, type Pointer } from './pointer.ts'
import { ProtectionError } from './protection-error.ts'
import { mapSensitive, omitSensitive } from './replace.ts'
import { isSecret, sensitivePointers } from './sensitive.ts'
import { encryptObject, hasSensitive, type EncryptionKeys } from './sops.ts'

/** Not base64 on purpose: a Secret with it in `data` is refused by every API server, so that nobody restores it. */
const REDACTED = '(redacted)'
const HASH_PREFIX = 'hmac-sha256:'

export type ProtectionMode =
  /** Fields are left out; Secrets are not written. */
  | { readonly policy: 'Exclude' }
  | { readonly policy: 'Redact' }
  /** `hashKey`: 32 bytes */
  | { readonly policy: 'Hash'; readonly hashKey: Uint8Array }
  | { readonly policy: 'Encrypt'; readonly keys: EncryptionKeys }
  /** What is needed is not there: objects with something sensitive are not written. */
  | { readonly policy: 'Refuse'; readonly why: string }

export interface Protected {
  readonly object: KubernetesObject
  /** Its values say nothing to who edits the file: it is written anew as a whole, never in part. */
  readonly replaceWhole: boolean
}

/** Protects every object of one GitSync. */
export interface Protection {
  /** Equal when every object gives the same file. Says nothing of the keys. */
  readonly id: string
  /**
   * @param object its keys in the order of the file
   * @throws ProtectionError when it cannot be written; never anything that holds a value
   */
  protect(object: KubernetesObject, format: 'YAML' | 'JSON'): Protected
}

/** @param sensitive JSON pointers */
export function createProtection(mode: ProtectionMode, sensitive: readonly string[]): Protection {
  const marked = sensitive.map(parsePointer)
  return {
    id: createHash('sha256')
      .update(JSON.stringify([sensitive, describe(mode)]))
      .digest('hex'),
    protect(object, format) {
      const pointers = sensitivePointers(object, marked)
      if (!isSecret(object) && !hasSensitive(object, pointers)) return { object, replaceWhole: false }
      try {
        return { object: apply(mode, object, pointers, format), replaceWhole: mode.policy === 'Encrypt' }
      } catch (error) {
        if (error instanceof ProtectionError) throw error
        // What another error says is not known to be free of values.
        throw new ProtectionError('it cannot be protected')
      }
    },
  }
}

function apply(
  mode: ProtectionMode,
  object: KubernetesObject,
  pointers: readonly Pointer[],
  format: 'YAML' | 'JSON',
): KubernetesObject {
  switch (mode.policy) {
    case 'Exclude':
      if (isSecret(object)) throw new ProtectionError('Secrets are not written while spec.secrets is Exclude')
      return omitSensitive(object, pointers) as KubernetesObject
    case 'Redact':
      return mapSensitive(object, pointers, () => REDACTED) as KubernetesObject
    case 'Hash': {
      const place = identityKey({ ...object, ...object.metadata, group: parseApiVersion(object.apiVersion).group })
      return mapSensitive(object, pointers, (value, at) => {
        const text = JSON.stringify([place, at, typeof value, value])
        return HASH_PREFIX + createHmac('sha256', mode.hashKey).update(text).digest('hex')
      }) as KubernetesObject
    }
    case 'Encrypt':
      return encryptObject(object, pointers, mode.keys, format)
    case 'Refuse':
      throw new ProtectionError(mode.why)
  }
}

/** All that files depend on. */
function describe(mode: ProtectionMode): unknown {
  switch (mode.policy) {
    case 'Hash':
      return [mode.policy, Buffer.from(mode.hashKey).toString('base64')]
    case 'Encrypt':
      return [mode.policy, Buffer.from(mode.keys.dataKey).toString('base64'), mode.keys.wrapped, mode.keys.created]
    case 'Refuse':
      return [mode.policy, mode.why]
    default:
      return [mode.policy]
  }
}
