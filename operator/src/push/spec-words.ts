/** What the engine calls its options, and the fields and keys that set them for a GitSync. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bgive them as auth\b/, 'name a Secret in spec.repository.secretRef'],
  [/: see ssh\.privateKey\b/, ': name a Secret with the key identity in spec.repository.secretRef'],
  [
    /\bgive the PEM of that authority as ca\b/,
    'put the PEM of that authority into ca.crt of the Secret or caBundle of the GitProvider',
  ],
  [/\bgive cert and key\b/, 'put tls.crt and tls.key into the Secret'],
  [
    /\bdoes not offer push-options; push without it$/,
    'takes no push options: leave out spec.push.options, and pullRequest.via: PushOptions',
  ],
  [/\badd it to ssh\.knownHosts or ssh\.hostKeys\b/, 'add it to known_hosts of the Secret'],
  [/ \((?:limits\.maxRedirects|requestTimeoutMs|ssh\.(?:connectTimeoutMs|timeoutMs))\)/, ''],
]

/** A message of the engine for who reads it in a condition: its remedy is a field, or a key of a Secret. */
export const inSpecWords = (message: string): string =>
  WORDS.reduce((text, [word, field]) => text.replace(word, field), message)
