import { GitError } from '../format/errors.ts'

/** What the library calls its options, and the flags that set them. In this order. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bgive them as auth\b/, 'give them as --user and --token'],
  [/\bgive the PEM of that authority as ca\b/, 'give the PEM of that authority as --ca-file'],
  [/\bgive cert and key\b/, 'give --cert and --key'],
  [
    /\b(proxy(?:\.https?)?) must be the URL of a proxy\b/,
    '--proxy (or HTTPS_PROXY, HTTP_PROXY) must be the URL of a proxy',
  ],
  [/\bresume: true lets\b/, '--resume lets'],
  [/\breplace: true makes it make way\b/, '--force lets it make way'],
  [/\bforce: true moves it\b/, '--force moves it'],
  [/\(limits\.maxRedirects\)/, ''],
  [/\((?:requestTimeoutMs|ssh\.timeoutMs|ssh\.connectTimeoutMs)\)/, '(--timeout)'],
  [/: see ssh\.privateKey\b/, ': give --key, or have an agent (SSH_AUTH_SOCK)'],
  [/\badd it to ssh\.knownHosts or ssh\.hostKeys\b/, 'add it to ~/.ssh/known_hosts'],
  [/: give it as ssh\.password\b/, ': give --key, or have an agent (SSH_AUTH_SOCK)'],
  [/\bcheck bucket, endpoint and region\b/, 'check --s3-bucket, --s3-endpoint and --s3-region'],
  [/\bcheck endpoint and region\b/, 'check --s3-endpoint and --s3-region'],
  [/\bcheck (bucket|endpoint|region)\b/, 'check --s3-$1'],
  [/\bssh options for (\S+):/, '--key, or the agent, for $1:'],
]

/** Limits of the library that `--max-bytes` sets. */
const BYTES: ReadonlySet<string | undefined> = new Set([
  'maxTotalBytes',
  'maxResponseBytes',
  'maxObjectBytes',
  'maxHeldBytes',
  'maxBlobBytes',
])

/** The same error; where its message names options of the library, with the flags that people have instead. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof GitError)) return error
  let message = WORDS.reduce((text, [word, flag]) => text.replace(word, flag), error.message).trimEnd()
  if (error.code === 'LimitExceeded' && BYTES.has(error.details.limit)) {
    message += '; --max-bytes sets another limit, such as --max-bytes 4G'
  }
  // Hosts say so of what they hide as well.
  if (error.code === 'RepositoryNotFound' && error.details.status === 404) {
    message += ': check the address, the one that git clone takes, and --user and --token'
  }
  return message === error.message ? error : new GitError(error.code, message, { ...error.details, cause: error })
}
