/** A certificate authority that issues one certificate and is forgotten (X.509 v3, RFC 5280; ECDSA on P-256). */
import { KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Extension } from 'pkijs'

export interface ServingCertificate {
  /** PEM of the authority. */
  readonly ca: string
  /** PEM of the certificate. */
  readonly certificate: string
  /** PEM of its private key. */
  readonly key: string
}

const DAY_MS = 86_400_000
/** Milliseconds. */
export const LIFETIME = 90 * DAY_MS
/** Clocks differ: it is valid from a while ago. */
const BACKDATED_MS = 3_600_000

const AUTHORITY = 'gitsync-operator webhook authority'
const COMMON_NAME = '2.5.4.3'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** Loaded when a certificate is made: most starts find one. */
const library = async () => ({ ...(await import('asn1js')), ...(await import('pkijs')) })
type Library = Awaited<ReturnType<typeof library>>

/**
 * Makes a certificate for these host names and addresses, and the authority that vouches for it. The authority's key is
 * not kept: the next certificate has another one.
 * @param now milliseconds since the epoch
 */
export async function makeServingCertificate(hosts: readonly string[], now: number): Promise<ServingCertificate> {
  const x509 = await library()
  const { BasicConstraints, ExtKeyUsage, Extension, GeneralName, GeneralNames, OctetString, BitString } = x509
  const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): Extension =>
    new Extension({ extnID, critical, extnValue: value.toBER() })
  const constraints = (cA: boolean): Extension => extension('2.5.29.19', true, new BasicConstraints({ cA }).toSchema())
  const usage = (bits: number, unusedBits: number): Extension =>
    extension('2.5.29.15', true, new BitString({ valueHex: Uint8Array.of(bits).buffer, unusedBits }))
  const names = hosts.map((host) =>
    isIP(host) === 4
      ? new GeneralName({
          type: 7,
          value: new OctetString({ valueHex: Uint8Array.from(host.split('.'), Number).buffer }),
        })
      : new GeneralName({ type: 2, value: host }),
  )
  // A verifier that is given the one before as well looks by name for the one to believe.
  const issuer = `${AUTHORITY} ${randomBytes(8).toString('hex')}`
  const [authority, own] = [await newKey(), await newKey()]
  const issued = { issuer, signedBy: authority.privateKey, now }
  const ca = await certificate(x509, {
    ...issued,
    subject: issuer,
    publicKey: authority.publicKey,
    // keyCertSign
    extensions: [constraints(true), usage(0x04, 2)],
  })
  const serving = await certificate(x509, {
    ...issued,
    subject: 'gitsync-operator webhook',
    publicKey: own.publicKey,
    extensions: [
      constraints(false),
      // digitalSignature
      usage(0x80, 7),
      extension('2.5.29.37', false, new ExtKeyUsage({ keyPurposes: [SERVER_AUTH] }).toSchema()),
      extension('2.5.29.17', false, new GeneralNames({ names }).toSchema()),
    ],
  })
  const key = KeyObject.from(own.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()
  return { ca, certificate: serving, key }
}

/** Whether somebody else has made a certificate: then somebody else renews it. */
export function isForeign(pem: string): boolean {
  try {
    return !new X509Certificate(pem).issuer.includes(AUTHORITY)
  } catch {
    return false
  }
}

/** Whether a certificate can be served for all these hosts, and for a while yet: a third of its life is left. */
export function isGood(pem: string, hosts: readonly string[], now: number): boolean {
  try {
    const certificate = new X509Certificate(pem)
    const left = Date.parse(certificate.validTo) - now
    return (
      left > LIFETIME / 3 &&
      hosts.every((host) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined)
    )
  } catch {
    return false
  }
}

const newKey = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])

/** @returns PEM */
async function certificate(
  { AttributeTypeAndValue, Certificate, Integer, RelativeDistinguishedNames, Time, Utf8String }: Library,
  what: {
    /** Common name. */
    readonly subject: string
    /** Common name. */
    readonly issuer: string
    readonly now: number
    readonly publicKey: webcrypto.CryptoKey
    readonly signedBy: webcrypto.CryptoKey
    readonly extensions: Extension[]
  },
): Promise<string> {
  const name = (value: string) =>
    new RelativeDistinguishedNames({
      typesAndValues: [new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value }) })],
    })
  /** UTCTime before 2050, GeneralizedTime from then on, as RFC 5280 wants it. */
  const time = (ms: number) => {
    const value = new Date(ms)
    return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
  }
  const serial = randomBytes(16)
  // Neither zero nor below it.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const made = new Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: new Uint8Array(serial).buffer }),
    issuer: name(what.issuer),
    subject: name(what.subject),
    notBefore: time(what.now - BACKDATED_MS),
    notAfter: time(what.now + LIFETIME),
    extensions: what.extensions,
  })
  await made.subjectPublicKeyInfo.importKey(what.publicKey)
  await made.sign(what.signedBy, 'SHA-256')
  return new X509Certificate(Buffer.from(made.toSchema().toBER())).toString()
}
