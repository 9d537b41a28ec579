import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { KeyObject, webcrypto } from 'node:crypto'
import { GitError } from '../../format/errors.ts'
import type { Signer } from './signer.ts'

export interface X509SignerOptions {
  /** Of an encrypted key. */
  readonly passphrase?: string
  /** Certificates of the authorities between the signer's and the root, PEM; sent along. Default: none. */
  readonly chain?: string
  /** The time of signatures. Default: now. */
  readonly now?: () => Date
}

const DATA = '1.2.840.113549.1.7.1'
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_TIME = '1.2.840.113549.1.9.5'

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
  const others = [...chain.matchAll(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs)]
  const sent = [own, ...others.map(([pem]) => usable('chain', () => new X509Certificate(pem)))]
  const signing = usable('key', () => signingKey(privateKey))
  // A library that nobody else needs.
  const [{ ObjectIdentifier, OctetString, UTCTime, GeneralizedTime }, cms] = await Promise.all([
    import('asn1js'),
    import('pkijs'),
  ])
  const certificates = sent.map(({ raw }) => cms.Certificate.fromBER(raw))
  const [signer] = certificates
  if (signer === undefined) throw unusable('certificate', 'there is none')

  return {
    async sign(payload) {
      const at = now()
      const isEarly = at.getUTCFullYear() < 2050
      const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(payload))
      const attributes = [
        new cms.Attribute({ type: CONTENT_TYPE, values: [new ObjectIdentifier({ value: DATA })] }),
        // RFC 5280, section 4.1.2.5.
        new cms.Attribute({
          type: SIGNING_TIME,
          values: [isEarly ? new UTCTime({ valueDate: at }) : new GeneralizedTime({ valueDate: at })],
        }),
        new cms.Attribute({ type: MESSAGE_DIGEST, values: [new OctetString({ valueHex: digest })] }),
      ]
      const data = new cms.SignedData({
        version: 1,
        encapContentInfo: new cms.EncapsulatedContentInfo({ eContentType: DATA }),
        signerInfos: [
          new cms.SignerInfo({
            version: 1,
            sid: new cms.IssuerAndSerialNumber({ issuer: signer.issuer, serialNumber: signer.serialNumber }),
            signedAttrs: new cms.SignedAndUnsignedAttributes({ type: 0, attributes }),
          }),
        ],
        certificates,
      })
      await data.sign(signing, 0, 'SHA-256', new Uint8Array(payload).buffer)
      const content = new cms.ContentInfo({ contentType: SIGNED_DATA, content: data.toSchema(true) })
      return armor(Buffer.from(content.toSchema().toBER()))
    },
  }
}

/** @throws Error for a kind of key that CMS signatures here are not made with */
function signingKey(key: KeyObject): webcrypto.CryptoKey {
  const curve = key.asymmetricKeyDetails?.namedCurve
  const named = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }[curve ?? '']
  if (key.asymmetricKeyType === 'rsa') {
    return key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
  }
  if (key.asymmetricKeyType === 'ec' && named !== undefined) {
    return key.toCryptoKey({ name: 'ECDSA', namedCurve: named }, false, ['sign'])
  }
  throw new Error('it is neither RSA nor ECDSA of the curve P-256, P-384 or P-521')
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
