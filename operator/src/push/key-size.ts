import { createPrivateKey } from 'node:crypto'

/** Characters of a key in PEM; RSA of 8,192 bits has 7 kB. */
const MAX_TEXT = 16_384
/** A signature takes 0.1 s with so many, in which nothing else happens, and time by their cube. */
const MAX_RSA_BITS = 8_192

/** Why a key from a Secret, PEM, is not used; undefined for one of a usual size, and for what is none. */
export function keySizeProblem(pem: string): string | undefined {
  if (pem.length > MAX_TEXT) return `has ${pem.length} characters, more than ${MAX_TEXT}`
  const bits = rsaBits(pem)
  return bits > MAX_RSA_BITS ? `has ${bits} bits, more than ${MAX_RSA_BITS}` : undefined
}

function rsaBits(pem: string): number {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.modulusLength ?? 0
  } catch {
    // Whoever uses it says that it is none.
    return 0
  }
}
