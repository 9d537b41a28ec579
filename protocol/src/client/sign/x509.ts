import { createHash, createPrivateKey, sign, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { GitError } from '../../format/errors.ts'
import { der, elements, oid, setOf, Tag, time } from './der.ts'
import type { Signer } from './signer.ts'

export interface X509SignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string
  /** Certificates of the authorities between the signer's and the root, PEM; sent along. Default: none. */
  readonly chain?: string
  /** The time of signatures. Default: now. */
  readonly now?: () => Date
}

const DATA = oid('1.2.840.113549.1.7.1')
const SIGNED_DATA = oid('1.2.840.113549.1.7.2')
const CONTENT_TYPE = oid('1.2.840.113549.1.9.3')
const MESSAGE_DIGEST = oid('1.2.840.113549.1.9.4')
const SIGNING_TIME = oid('1.2.840.113549.1.9.5')
const NULL = der(Tag.null)
const SHA256 = der(Tag.sequence, oid('2.16.840.1.101.3.4.2.1'), NULL)
const VERSION_1 = der(Tag.integer, Buffer.from([1]))

/** By kind of key: how CMS names its signatures (RFC 3370, RFC 5754). */
const ALGORITHMS: Readonly<Record<string, Buffer>> = {
  rsa: der(Tag.sequence, oid('1.2.840.113549.1.1.1'), NULL),
  ec: der(Tag.sequence, oid('1.2.840.10045.4.3.2')),
}

/**
 * Signs with an X.509 certificate, as `gpg.format=x509` does: a detached CMS signature (RFC 5652) with SHA-256.
 * @param key the private key, PEM: RSA or ECDSA
 * @param certificate the signer's certificate, PEM
 * @throws GitError `InvalidInput` for a key or certificate that cannot be read, or that do not belong together
 */
export async function x509Signer(key: string, certificate: string, options: X509SignerOptions = {}): Promise<Signer> {
  const { passphrase, chain = '', now = () => new Date() } = options
  const privateKey = usable('key', () => createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }))
  const own = usable('certificate', () => new X509Certificate(certificate))
  if (!own.checkPrivateKey(privateKey)) throw unusable('certificate', 'it belongs to another key')
  const algorithm = ALGORITHMS[privateKey.asymmetricKeyType ?? '']
  if (algorithm === undefined) throw unusable('key', 'it is neither RSA nor ECDSA')
  const others = [...chain.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)]
  const certificates = [own, ...others.map(([pem]) => usable('chain', () => new X509Certificate(pem)))]
  const signer = { privateKey, algorithm, id: usable('certificate', () => issuerAndSerial(own)) }
  const sent = der(Tag.context0, ...certificates.map(({ raw }) => raw))

  return {
    async sign(payload) {
      const data = der(
        Tag.sequence,
        VERSION_1,
        der(Tag.set, SHA256),
        der(Tag.sequence, DATA),
        sent,
        der(Tag.set, signerInfo(signer, payload, now())),
      )
      return armor(der(Tag.sequence, SIGNED_DATA, der(Tag.context0, data)))
    },
  }
}

interface KeyAndName {
  readonly privateKey: KeyObject
  readonly algorithm: Buffer
  readonly id: Buffer
}

/** RFC 5652, section 5.3: what is signed are the attributes, one of which is the digest of the content. */
function signerInfo({ privateKey, algorithm, id }: KeyAndName, payload: Uint8Array, at: Date): Buffer {
  const digest = createHash('sha256').update(payload).digest()
  const attributes = setOf(
    der(Tag.sequence, CONTENT_TYPE, setOf(DATA)),
    der(Tag.sequence, SIGNING_TIME, setOf(time(at))),
    der(Tag.sequence, MESSAGE_DIGEST, setOf(der(Tag.octetString, digest))),
  )
  const signature = der(Tag.octetString, sign('sha256', attributes, privateKey))
  // Signed as a set, sent under the tag of their place.
  const placed = Buffer.concat([Buffer.from([Tag.context0]), attributes.subarray(1)])
  return der(Tag.sequence, VERSION_1, id, SHA256, placed, algorithm, signature)
}

/** The certificate's own bytes: written anew, a name might differ. */
function issuerAndSerial(certificate: X509Certificate): Buffer {
  const [outer] = elements(certificate.raw)
  const [body] = elements(outer?.body ?? Buffer.alloc(0))
  const fields = elements(body?.body ?? Buffer.alloc(0))
  // The version, which may be absent, stands before the serial number; the algorithm stands between that and the issuer.
  const serial = fields[0]?.tag === Tag.context0 ? 1 : 0
  const [number, issuer] = [fields[serial], fields[serial + 2]]
  if (number?.tag !== Tag.integer || issuer?.tag !== Tag.sequence) throw new RangeError('it has no issuer')
  return der(Tag.sequence, issuer.whole, number.whole)
}

function usable<T>(field: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw unusable(field, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function unusable(field: string, why: string, cause?: unknown): GitError {
  return new GitError('InvalidInput', `${field}: not PEM that can be used for signing: ${why}`, { field, cause })
}

function armor(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN SIGNED MESSAGE-----', ...lines, '-----END SIGNED MESSAGE-----', ''].join('\n')
}
