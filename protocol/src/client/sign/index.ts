/**
 * `@gitsync/protocol/sign`: signers of commits and tags, and what checks their signatures.
 * @module
 */
export type { Signer } from './signer.ts'
export { sshSigner } from './ssh.ts'
export type { SshSignerOptions } from './ssh.ts'
export { openPgpSigner } from './open-pgp.ts'
export type { OpenPgpSignerOptions } from './open-pgp.ts'
export { x509Signer } from './x509.ts'
export type { X509SignerOptions } from './x509.ts'
export { openPgpVerifier } from './open-pgp-verifier.ts'
export { sshVerifier } from './ssh-verifier.ts'
export type { SignatureCheck, VerificationKey, Verifier } from './verifier.ts'
