import { GitError } from '../../format/errors.ts'
import type { Signer } from './signer.ts'

export interface OpenPgpSignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string
  /** The time of signatures. Default: now. */
  readonly now?: () => Date
}

/**
 * Signs with an OpenPGP key, as `gpg.format=openpgp` does.
 * @param key the private key, armored, as `gpg --armor --export-secret-keys` writes it
 * @throws GitError `InvalidInput` for a key that cannot be read, that the passphrase does not open, or that may not sign
 */
export async function openPgpSigner(key: string, options: OpenPgpSignerOptions = {}): Promise<Signer> {
  const { createMessage, decryptKey, readPrivateKey, sign } = await import('openpgp')
  const { passphrase, now = () => new Date() } = options
  const open = async (): Promise<Awaited<ReturnType<typeof readPrivateKey>>> => {
    const privateKey = await readPrivateKey({ armoredKey: key })
    if (passphrase === undefined || privateKey.isDecrypted()) return privateKey
    return decryptKey({ privateKey, passphrase })
  }
  const signingKeys = await open().catch((error: unknown) => {
    throw unusable(error)
  })
  if (!signingKeys.isDecrypted()) throw unusable('it is encrypted: give its passphrase')
  await signingKeys.getSigningKey(undefined, now()).catch((error: unknown) => {
    throw unusable(error)
  })

  return {
    async sign(payload) {
      const message = await createMessage({ binary: payload })
      return sign({ message, signingKeys, detached: true, format: 'armored', date: now() })
    },
  }
}

function unusable(cause: unknown): GitError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new GitError('InvalidInput', `key: not a private OpenPGP key that can be used: ${why}`, {
    field: 'key',
    cause,
  })
}
