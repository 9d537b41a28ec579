/** What a signature is worth. */
export interface SignatureCheck {
  /**
   * `good`; `bad`: not over these bytes; `unknownKey`: by none of the keys that were given; `invalidKey`: by one of them that
   * could not sign then, being expired or revoked, or not allowed to sign commits; `unreadable`: not a signature, or of a kind that
   * is not read here.
   */
  readonly state: 'good' | 'bad' | 'unknownKey' | 'invalidKey' | 'unreadable'
  /** Fingerprint of the key, as `ssh-keygen -l` and `gpg --fingerprint` show it; where the signature names it. */
  readonly key?: string
  /** Whose key it is, as the file of keys says. */
  readonly signer?: string
  /** Why it is not good, for a person. */
  readonly reason?: string
}

/** A key that signatures are held against. */
export interface VerificationKey {
  readonly format: 'SSH' | 'OpenPGP'
  readonly fingerprint: string
  /** Principals, or user ids. */
  readonly signers: readonly string[]
}

/** Checks signatures. Ready ones: `sshVerifier` and `openPgpVerifier` of `@gitsync/protocol/sign`. */
export interface Verifier {
  readonly keys: readonly VerificationKey[]
  /**
   * @param payload what the signature is over: `CommitInfo.payload`
   * @param signature armored
   * @param time when it is said to have been made: of SSH keys that are allowed for a time. OpenPGP signatures say it themselves
   */
  verify(payload: Uint8Array, signature: string, time: Date): Promise<SignatureCheck>
}

/** Bytes of a file of keys. */
export const MAX_KEYS_TEXT = 1 << 20
/** RSA above takes too long. */
export const MAX_KEY_BITS = 8_192
