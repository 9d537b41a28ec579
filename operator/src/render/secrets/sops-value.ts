/**
 * One value as sops encrypts it: AES-256-GCM with an IV of 32 bytes, bound to the keys on the way to it
 * (github.com/getsops/sops, package aes).
 */
import { createCipheriv, createHmac, hkdfSync } from 'node:crypto'
import { ExactNumber } from '../../objects/exact-json.ts'
import { sopsNumber } from './sops-number.ts'

const IV_BYTES = 32

export type SopsType = 'str' | 'int' | 'float' | 'bool'

/** A value as sops takes it in. */
export interface SopsLeaf {
  readonly type: SopsType
  readonly text: string
}

/** @throws ProtectionError for a number that sops cannot keep */
export function toLeaf(value: unknown, format: 'YAML' | 'JSON'): SopsLeaf {
  if (typeof value === 'string') return { type: 'str', text: value }
  if (typeof value === 'boolean') return { type: 'bool', text: value ? 'True' : 'False' }
  return sopsNumber(value instanceof ExactNumber ? value.source : String(value), format)
}

/** Encrypts so that the same value in the same place becomes the same text, as long as the data key is the same. */
export class ValueCipher {
  readonly #dataKey: Uint8Array
  readonly #ivKey: Uint8Array

  /** @param dataKey 32 bytes */
  constructor(dataKey: Uint8Array) {
    this.#dataKey = dataKey
    this.#ivKey = new Uint8Array(hkdfSync('sha256', dataKey, '', 'gitsync.dev/sops-iv', 32))
  }

  /**
   * @param bound what sops binds the value to (additional data)
   * @param place where the value is in the whole cluster: equal values of different places do not look alike
   * @returns `ENC[…]`; an empty value stays empty, as with sops
   */
  encrypt({ type, text }: SopsLeaf, bound: string, place: string): string {
    if (text === '') return ''
    const iv = createHmac('sha256', this.#ivKey)
      .update(JSON.stringify([place, bound, type, text]))
      .digest()
    const cipher = createCipheriv('aes-256-gcm', this.#dataKey, iv.subarray(0, IV_BYTES))
    cipher.setAAD(Buffer.from(bound))
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    const [shownData, shownIv, tag] = [data, iv, cipher.getAuthTag()].map((bytes) => bytes.toString('base64'))
    return `ENC[AES256_GCM,data:${shownData},iv:${shownIv},tag:${tag},type:${type}]`
  }
}
