import { randomBytes } from 'node:crypto'
import type { GitSync } from '../api/parse.ts'
import type { KubeClient } from '../kube/client.ts'
import { isKubeError, KubeError } from '../kube/errors.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { INTERNAL_LABEL } from '../plan/selection.ts'
import { ProtectionError } from '../render/secrets/protection-error.ts'
import type { EncryptionKeys } from '../render/secrets/sops.ts'
import { SECRETS } from './known-resources.ts'

/** What one GitSync encrypts and hashes with. */
export interface SecretKeys {
  /** 32 bytes; stays the same when recipients change. */
  readonly hashKey: Uint8Array
  /** Absent where nothing is encrypted. */
  readonly encryption?: EncryptionKeys
}

export interface KeyOptions {
  /** Who can open the data key; empty where nothing is encrypted. */
  readonly recipients: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Cryptographically strong bytes. Default: those of the system. */
  readonly random?: (count: number) => Uint8Array
}

const KEY_BYTES = 32

/**
 * The keys of a GitSync, from a Secret that it owns; made when there is none. Other recipients get another data key: who is
 * no longer one cannot open what is written from then on.
 * @throws ProtectionError when they cannot be had; KubeError when the API server did not answer
 */
export async function loadSecretKeys(client: KubeClient, gitsync: GitSync, options: KeyOptions): Promise<SecretKeys> {
  const { namespace, uid = '' } = gitsync.metadata
  const name = `gitsync-keys-${uid}`
  const where = `Secret ${name} in namespace ${namespace ?? ''}`
  const { recipients, random = randomBytes } = options
  try {
    const found = await existing(client, namespace, name)
    const held = found === undefined ? undefined : decode(found, where)
    if (held !== undefined && (recipients.length === 0 || isFor(held, recipients))) return held
    const created = `${new Date(options.now).toISOString().slice(0, 19)}Z`
    const hashKey = held?.hashKey ?? random(KEY_BYTES)
    const keys: SecretKeys =
      recipients.length === 0
        ? { hashKey }
        : { hashKey, encryption: await wrap(random(KEY_BYTES), recipients, created) }
    const data = encode(keys)
    if (found === undefined) await client.create(SECRETS, namespace, newSecret(gitsync, name, data))
    // The version that was read goes along: of two operators that make keys one is refused, and reads again.
    else await client.replace(SECRETS, namespace, name, { ...found, data })
    return keys
  } catch (error) {
    if (isKubeError(error, 'Forbidden'))
      throw new ProtectionError(`the operator may not read, make and change ${where} (watch.secrets of the chart)`)
    // What an admission webhook says of the object may quote it.
    if (isKubeError(error)) throw new KubeError(error.code, `${where} cannot be read or written: ${error.code}`)
    throw error
  }
}

async function existing(
  client: KubeClient,
  namespace: string | undefined,
  name: string,
): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(SECRETS, namespace, name)
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined
    throw error
  }
}

function isFor({ encryption }: SecretKeys, recipients: readonly string[]): boolean {
  const wrapped = encryption?.wrapped.map(({ recipient }) => recipient) ?? []
  return JSON.stringify([...wrapped].sort()) === JSON.stringify([...recipients].sort())
}

/** sops wants the data key once for each recipient. */
async function wrap(dataKey: Uint8Array, recipients: readonly string[], created: string): Promise<EncryptionKeys> {
  const { armor, Encrypter } = await import('age-encryption')
  const wrapped = await Promise.all(
    [...recipients].sort().map(async (recipient) => {
      const encrypter = new Encrypter()
      try {
        encrypter.addRecipient(recipient)
        return { recipient, enc: armor.encode(await encrypter.encrypt(dataKey)) }
      } catch {
        throw new ProtectionError(
          `spec.encryption.recipients: ${recipient} is not an age recipient: its checksum is wrong`,
        )
      }
    }),
  )
  return { dataKey, wrapped, created }
}

type SecretData = Readonly<Record<string, string>>

const toBase64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64')

function encode({ hashKey, encryption }: SecretKeys): SecretData {
  return {
    'hash-key': toBase64(hashKey),
    ...(encryption === undefined
      ? {}
      : {
          'data-key': toBase64(encryption.dataKey),
          recipients: toBase64(JSON.stringify(encryption.wrapped)),
          created: toBase64(encryption.created),
        }),
  }
}

function decode(secret: KubernetesObject, where: string): SecretKeys {
  const data = (secret['data'] ?? {}) as Readonly<Record<string, unknown>>
  const bytes = (key: string): Buffer => Buffer.from(typeof data[key] === 'string' ? data[key] : '', 'base64')
  const hashKey = bytes('hash-key')
  const broken = (): ProtectionError =>
    new ProtectionError(`${where} does not hold keys as the operator made them: delete it, and new ones are made`)
  if (hashKey.length !== KEY_BYTES) throw broken()
  if (data['data-key'] === undefined) return { hashKey }
  const dataKey = bytes('data-key')
  const created = bytes('created').toString()
  const wrapped = readWrapped(bytes('recipients').toString())
  if (dataKey.length !== KEY_BYTES || wrapped === undefined || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(created))
    throw broken()
  return { hashKey, encryption: { dataKey, wrapped, created } }
}

function readWrapped(text: string): EncryptionKeys['wrapped'] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list) || list.length === 0) return undefined
    const isWrapped = (entry: unknown): entry is { recipient: string; enc: string } =>
      typeof entry === 'object' &&
      entry !== null &&
      'recipient' in entry &&
      'enc' in entry &&
      typeof entry.recipient === 'string' &&
      typeof entry.enc === 'string'
    return list.every(isWrapped) ? list : undefined
  } catch {
    return undefined
  }
}

function newSecret({ apiVersion, kind, metadata }: GitSync, name: string, data: SecretData): object {
  const { namespace, name: owner, uid = '' } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { [INTERNAL_LABEL]: 'true', 'app.kubernetes.io/managed-by': 'gitsync-operator' },
      ownerReferences: [{ apiVersion, kind, name: owner, uid }],
    },
    type: 'Opaque',
    data,
  }
}
