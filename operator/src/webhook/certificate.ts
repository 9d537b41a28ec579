/** A certificate authority that issues one certificate and is forgotten (X.509 v3, RFC 5280; ECDSA on P-256). */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { bits, boolean, explicit, flags, implicit, integer, octets, oid, sequence, set, time, utf8 } from './der.ts'

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
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

/**
 * Makes a certificate for these host names and addresses, and the authority that vouches for it. The authority's key is
 * not kept: the next certificate has another one.
 * @param now milliseconds since the epoch
 */
export function makeServingCertificate(hosts: readonly string[], now: number): ServingCertificate {
  const [authority, own] = [newKey(), newKey()]
  const issuer = name(AUTHORITY)
  const between = [now - BACKDATED_MS, now + LIFETIME] as const
  const ca = certificate({
    subject: issuer,
    issuer,
    between,
    publicKey: authority.publicKey,
    signedBy: authority.privateKey,
    extensions: [
      extension('2.5.29.19', true, sequence(boolean(true))),
      // keyCertSign
      extension('2.5.29.15', true, flags(0x04, 2)),
    ],
  })
  const names = hosts.map((host) =>
    isIP(host) === 4 ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host)),
  )
  const serving = certificate({
    subject: name('gitsync-operator webhook'),
    issuer,
    between,
    publicKey: own.publicKey,
    signedBy: authority.privateKey,
    extensions: [
      extension('2.5.29.19', true, sequence()),
      // digitalSignature
      extension('2.5.29.15', true, flags(0x80, 7)),
      extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
      extension('2.5.29.17', false, sequence(...names)),
    ],
  })
  return { ca, certificate: serving, key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
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

const newKey = (): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

const name = (common: string): Buffer => sequence(set(sequence(oid('2.5.4.3'), utf8(common))))

const extension = (id: string, isCritical: boolean, value: Buffer): Buffer =>
  sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octets(value))

function certificate(what: {
  readonly subject: Buffer
  readonly issuer: Buffer
  readonly between: readonly [number, number]
  readonly publicKey: KeyObject
  readonly signedBy: KeyObject
  readonly extensions: readonly Buffer[]
}): string {
  const serial = randomBytes(16)
  // Neither zero nor over twenty bytes.
  serial[0] = (serial[0] ?? 0) | 0x40
  const body = sequence(
    explicit(0, integer(Buffer.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    what.issuer,
    sequence(...what.between.map(time)),
    what.subject,
    what.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...what.extensions)),
  )
  const der = sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, what.signedBy)))
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
