import { GitError } from '../../format/errors.ts'

/**
 * Signs commits and tags. Ready ones: `sshSigner`, `openPgpSigner` and `x509Signer` of `@gitsync/protocol/sign`; anything
 * else that makes what `git verify-commit` reads, a key service for instance, can take their place.
 */
export interface Signer {
  /** @returns the armored signature over exactly these bytes */
  sign(payload: Uint8Array): Promise<string>
}

export const MAX_SIGNATURE = 64 << 10

/**
 * Signs, and checks that the result is an armored block: anything else would damage the object it goes into.
 * @returns lines without a line break at the end
 * @throws GitError `InvalidInput`; whatever the signer throws
 */
export async function signatureLines(signer: Signer, payload: Uint8Array): Promise<string[]> {
  const armored = (await signer.sign(payload)).replaceAll('\r\n', '\n').trim()
  const block = /^-----BEGIN ([A-Z0-9 ]+)-----\n[\t\n\x20-\x7e]*\n-----END \1-----$/
  if (armored.length > MAX_SIGNATURE || !block.test(armored)) {
    throw new GitError('InvalidInput', 'the signer gives no armored signature (-----BEGIN … to -----END …)', {
      field: 'sign',
    })
  }
  return armored.split('\n')
}
