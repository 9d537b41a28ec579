import { expect, test } from 'vitest'
import { isWithheld } from './withheld-secrets.ts'

const secret = (type: string, labels?: Readonly<Record<string, string>>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'it', ...(labels === undefined ? {} : { labels }) },
  type,
})

test.each(['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token', 'helm.sh/release.v1'])(
  'type %s is written only when it is named exactly',
  (type) => {
    expect(isWithheld(secret(type), undefined)).toBe(true)
    expect(isWithheld(secret(type), ['*', 'i*', 'its'])).toBe(true)
    expect(isWithheld(secret(type), ['it'])).toBe(false)
  },
)

test("the operator's own logins are never written, whatever the label says", () => {
  for (const value of ['true', 'false', '']) {
    expect(isWithheld(secret('Opaque', { 'gitsync.dev/credential': value }), ['it'])).toBe(true)
  }
  expect(isWithheld(secret('Opaque', { app: 'x' }), undefined)).toBe(false)
  expect(isWithheld(secret('kubernetes.io/tls'), undefined)).toBe(false)
})
