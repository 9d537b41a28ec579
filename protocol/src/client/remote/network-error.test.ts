import { expect, test } from 'vitest'
import { networkError } from './network-error.ts'

const failure = (code: string) =>
  networkError(
    'https://git.example.com/a.git',
    new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) }),
  )

test.each([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])("%s is about the host's certificate", (code) => {
  expect(failure(code)).toMatchObject({ code: 'Network', details: { badCertificate: true } })
  expect(failure(code).message).toMatch(/its certificate .*: /)
})

test.each([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
  'ECONNREFUSED',
  'EPROTO',
])('%s is not', (code) => {
  expect(failure(code).details).not.toHaveProperty('badCertificate')
})
