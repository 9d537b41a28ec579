import type { Signer } from '@gitsync/protocol'
import type { KubernetesObject } from '../objects/object.ts'
import { secretValues } from '../objects/secret-values.ts'
import { CREDENTIAL_LABEL } from './credentials.ts'
import { PushFailure } from './failure.ts'
import { publicHalf } from './ssh-key.ts'

/** What signs the commits of one GitSync. */
export interface SigningKey {
  /** resourceVersion of the Secret: another one is another key. */
  readonly version: string
  readonly signer: Signer
  /** Of an SSH key, as Git hosts take it. */
  readonly publicKey?: string | undefined
}

/**
 * Takes a signing key from a Secret: `identity` (SSH) or `git.asc` (OpenPGP), and `passphrase` (Flux: `password` beside
 * `identity`) where it is encrypted.
 * @param format which one, where there are both
 * @throws PushFailure `SecretNotConsenting`, `InvalidSecret`; never with a value in its message
 */
export async function signingKeyFrom(
  secret: KubernetesObject,
  format: 'SSH' | 'OpenPGP' | undefined,
): Promise<SigningKey> {
  const { name, labels = {}, resourceVersion: version = '' } = secret.metadata
  if (labels[CREDENTIAL_LABEL] !== 'true')
    throw new PushFailure('SecretNotConsenting', `Secret ${name} lacks the label ${CREDENTIAL_LABEL}: "true"`)
  const data = secretValues(secret)
  const identity = format === 'OpenPGP' ? undefined : data.get('identity')
  const openPgp = format === 'SSH' || identity !== undefined ? undefined : data.get('git.asc')
  const passphrase = (data.get('passphrase') ?? data.get('password'))?.replace(/\r?\n$/, '')
  const options = passphrase === undefined || passphrase === '' ? {} : { passphrase }
  if (identity === undefined && openPgp === undefined) {
    const keys = { SSH: 'the key identity', OpenPGP: 'the key git.asc', either: 'neither the key identity nor git.asc' }
    const lacks = format === undefined ? `has ${keys.either}` : `lacks ${keys[format]}`
    throw new PushFailure('InvalidSecret', `commit.signing: Secret ${name} ${lacks}`)
  }
  try {
    // Who signs nothing loads neither.
    const { sshSigner, openPgpSigner } = await import('@gitsync/protocol/sign')
    if (identity !== undefined) {
      const signer = await sshSigner(identity, options)
      return { version, signer: telling(name, signer), publicKey: publicHalf(identity) }
    }
    return { version, signer: telling(name, await openPgpSigner(openPgp ?? '', options)) }
  } catch (error) {
    throw unusable(name, error)
  }
}

/** A key that expires says so, and does not look like a fault of the spec. */
const telling = (name: string, signer: Signer): Signer => ({
  async sign(payload) {
    try {
      return await signer.sign(payload)
    } catch (error) {
      throw unusable(name, error)
    }
  },
})

function unusable(name: string, error: unknown): PushFailure {
  const why = error instanceof Error ? error.message.replace(/^key: /, '') : String(error)
  return new PushFailure('InvalidSecret', `commit.signing: the key of Secret ${name} cannot sign: ${why}`, {
    cause: error,
  })
}
