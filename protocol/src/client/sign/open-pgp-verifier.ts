import type { PublicKey } from 'openpgp'
import { GitError } from '../../format/errors.ts'
import { MAX_SIGNATURE } from './signer.ts'
import { MAX_KEY_BITS, MAX_KEYS_TEXT } from './verifier.ts'
import type { SignatureCheck, Verifier } from './verifier.ts'

/** Signatures in one block: each is computed. */
const MAX_SIGNATURES = 4
const BLOCK = /-----BEGIN PGP PUBLIC KEY BLOCK-----[^]*?-----END PGP PUBLIC KEY BLOCK-----/g

/**
 * Checks OpenPGP signatures, as `gpg.format=openpgp` does. A key that has expired since is good for what it signed before.
 * @param keys public keys, armored, as `gpg --armor --export` writes them
 * @throws GitError `InvalidInput`
 */
export async function openPgpVerifier(keys: string): Promise<Verifier> {
  const { createMessage, readKeys, readSignature, verify } = await import('openpgp')
  if (keys.length > MAX_KEYS_TEXT) throw invalid(`have ${keys.length} characters, more than ${MAX_KEYS_TEXT}`)
  const read = (keys.match(BLOCK) ?? []).map((armoredKeys) => readKeys({ armoredKeys }))
  const known = await Promise.all(read).catch((error: unknown) => {
    throw invalid(`hold an OpenPGP key that cannot be read: ${messageOf(error)}`)
  })
  const verificationKeys = known.flat()
  if (verificationKeys.length === 0) throw invalid('hold no OpenPGP key: gpg --armor --export writes one')
  for (const key of verificationKeys) {
    const bits = Math.max(...key.getKeys().map((part) => part.getAlgorithmInfo().bits ?? 0))
    if (bits > MAX_KEY_BITS) throw invalid(`hold one of ${bits} bits, more than ${MAX_KEY_BITS}`)
  }

  return {
    keys: verificationKeys.map((key) => ({
      format: 'OpenPGP',
      fingerprint: fingerprint(key),
      signers: key.getUserIDs(),
    })),
    async verify(payload, armoredSignature) {
      if (armoredSignature.length > MAX_SIGNATURE)
        return unreadable(`it has ${armoredSignature.length} characters, more than ${MAX_SIGNATURE}`)
      const signature = await readSignature({ armoredSignature }).catch((error: unknown) => messageOf(error))
      if (typeof signature === 'string') return unreadable(`it is no OpenPGP signature: ${signature}`)
      const { length } = signature.packets
      if (length === 0 || length > MAX_SIGNATURES) return unreadable(`the block holds ${length} signatures`)
      const message = await createMessage({ binary: payload })
      // The library judges keys as they were when it was made.
      const options = { message, signature, verificationKeys }
      const results = await verify(options).catch((error: unknown) => messageOf(error))
      if (typeof results === 'string') return unreadable(results)
      const checks = await Promise.all(
        results.signatures.map(({ verified, keyID }) => {
          const key = verificationKeys.find((one) => one.getKeys(keyID).length > 0)
          return judged(verified, key, keyID.toHex())
        }),
      )
      return checks.find(({ state }) => state === 'good') ?? checks[0] ?? unreadable('nothing of it was checked')
    },
  }
}

async function judged(verified: Promise<unknown>, key: PublicKey | undefined, keyId: string): Promise<SignatureCheck> {
  const problem = await verified.then(
    () => undefined,
    (error: unknown) => messageOf(error),
  )
  if (key === undefined)
    return { state: 'unknownKey', key: keyId.toUpperCase(), reason: 'the key is none of those that were given' }
  const [signer] = key.getUserIDs()
  const whose = { key: fingerprint(key), ...(signer === undefined ? {} : { signer }) }
  if (problem === undefined) return { state: 'good', ...whose }
  // The library has no codes.
  const isOfKey = /expired|revoked|not (?:yet )?valid|creation time|in the future|could not find valid/i.test(problem)
  return { state: isOfKey ? 'invalidKey' : 'bad', ...whose, reason: problem }
}

const unreadable = (reason: string): SignatureCheck => ({ state: 'unreadable', reason })
const fingerprint = (key: PublicKey): string => key.getFingerprint().toUpperCase()
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function invalid(problem: string): GitError {
  return new GitError('InvalidInput', `keys ${problem}`, { field: 'keys' })
}
