import type { Redact } from '../../format/side-band.ts'

/**
 * Gives a function that blots these secrets out of a text with `***`: a server may send back what it was sent.
 * The longest go first, so that none is left in part because a shorter one stood in it.
 */
export function redactor(secrets: Iterable<string>): Redact {
  const known = [...new Set(secrets)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
  return (text, cut = false) => {
    const clean = known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
    return cut ? withoutBeginning(clean, known) : clean
  }
}

/** Where a text was cut off, a secret may have been cut in two. */
function withoutBeginning(text: string, secrets: readonly string[]): string {
  for (let length = secrets[0]?.length ?? 0; length > 0; length--) {
    const begins = secrets.some((secret) => secret.length >= length && text.endsWith(secret.slice(0, length)))
    if (begins) return `${text.slice(0, -length)}***`
  }
  return text
}
