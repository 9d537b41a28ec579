import { createHash, timingSafeEqual } from 'node:crypto'

/** Compares with a secret, in a time that does not tell how much is equal. */
export function isEqual(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(secret))
}
