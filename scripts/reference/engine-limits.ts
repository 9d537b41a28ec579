import { readFileSync } from 'node:fs'
import { MAX_CHARACTERS } from '../../protocol/src/client/history/history-cursor.ts'
import { MAX_INFLATE_RATIO } from '../../protocol/src/client/http/decode.ts'
import { MAX_WAIT_MS } from '../../protocol/src/client/http/status-error.ts'
import { TIMEOUT_MS } from '../../protocol/src/client/http/undici-dispatcher.ts'
import { DEFAULT_LIMITS, MAX_CAPABILITY_BYTES } from '../../protocol/src/client/limits.ts'
import { MAX_MESSAGE_BYTES } from '../../protocol/src/client/message.ts'
import { ONE_FETCH_BYTES } from '../../protocol/src/client/open-repository.ts'
import { MAX_PATH_BYTES } from '../../protocol/src/client/path.ts'
import { MAX_PUSH_OPTION } from '../../protocol/src/client/push-request.ts'
import { MAX_LENGTH } from '../../protocol/src/format/ref-name.ts'
import { REQUEST_TIMEOUT_MS } from '../../protocol/src/client/remote/deadline.ts'
import { RETRY_DEFAULTS } from '../../protocol/src/client/remote/retry.ts'
import { MAX_SIGNATURE } from '../../protocol/src/client/sign/signer.ts'
import { SSH_DEFAULTS } from '../../protocol/src/client/ssh/options.ts'
import { AUTO_BYTES } from '../../protocol/src/client/stage/waiting.ts'
import { MAX_PAYLOAD } from '../../protocol/src/format/packet-line.ts'
import { MAX_MESSAGES } from '../../protocol/src/format/side-band.ts'
import { MAX_DEPTH } from '../../protocol/src/format/tree.ts'
import { row } from './table.ts'

const SOURCE = new URL('../../protocol/src/client/limits.ts', import.meta.url)

const bytes = (count: number): string => count.toLocaleString('en')

/** Limits that belong elsewhere, or that nobody can change. */
const OTHERS: readonly (readonly [string, string, string])[] = [
  ['Milliseconds of one request, its body included', bytes(REQUEST_TIMEOUT_MS), '`requestTimeoutMs`'],
  [
    'Milliseconds of silence over HTTP: connection, headers, between two pieces',
    bytes(TIMEOUT_MS),
    '`undiciTransport({ timeoutMs })`',
  ],
  [
    'Milliseconds of silence over SSH: nothing comes, and nothing can be sent',
    bytes(SSH_DEFAULTS.timeoutMs),
    '`ssh.timeoutMs`',
  ],
  [
    'Milliseconds for the connection and the login over SSH',
    bytes(SSH_DEFAULTS.connectTimeoutMs),
    '`ssh.connectTimeoutMs`',
  ],
  ['Requests at the same time over one connection of SSH', bytes(SSH_DEFAULTS.maxChannels), '`ssh.maxChannels`'],
  [
    'Bytes to which each byte of a compressed answer may unpack, beyond the first MiB',
    bytes(MAX_INFLATE_RATIO),
    '`undiciTransport({ maxInflateRatio })`',
  ],
  ['Milliseconds of `Retry-After` that are waited for', bytes(RETRY_DEFAULTS.maxWaitMs), '`retry.maxWaitMs`'],
  ['Milliseconds of `Retry-After` that are believed', bytes(MAX_WAIT_MS), 'fixed'],
  ['Tries of a request that changes nothing', bytes(RETRY_DEFAULTS.attempts), '`retry.attempts`'],
  ['Bytes of a path', bytes(MAX_PATH_BYTES), 'fixed'],
  ['Folders in folders', `${bytes(MAX_DEPTH)}, as in git`, 'fixed'],
  ['Characters of a name of a ref', bytes(MAX_LENGTH), 'fixed'],
  ['Bytes of a packet', `${bytes(MAX_PAYLOAD + 4)}, as in the protocol`, 'fixed'],
  ['Bytes of all capabilities of a server', bytes(MAX_CAPABILITY_BYTES), 'fixed'],
  ['Bytes of a server’s messages that are kept', bytes(MAX_MESSAGES), 'fixed'],
  ['Bytes of a commit’s or tag’s message', bytes(MAX_MESSAGE_BYTES), 'fixed'],
  ['Bytes of a signature', bytes(MAX_SIGNATURE), 'fixed'],
  ['Characters of a push option', bytes(MAX_PUSH_OPTION), 'fixed'],
  ['Characters of the cursor of a history', bytes(MAX_CHARACTERS), 'fixed'],
  ['Bytes of one answer with all levels of a tree', bytes(ONE_FETCH_BYTES), '`oneFetchBytes`'],
  ['Bytes of contents that wait in memory for a push', `${bytes(AUTO_BYTES)}, then a temporary file`, '`writing`'],
]

/** docs/engine/limits.md. */
export function limitsPage(): string {
  const source = readFileSync(SOURCE, 'utf8')
  const rows = Object.entries(DEFAULT_LIMITS).map(([name, value]) => {
    const [, comment] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+readonly ${name}:`).exec(source) ?? []
    if (comment === undefined) throw new Error(`limits.ts does not say what ${name} is`)
    const meaning = comment.replaceAll(/\s+(?:\* )?/g, ' ').replace(/ Default .*$/, '')
    return row(`\`${name}\``, meaning.trim(), value === Number.MAX_SAFE_INTEGER ? 'none' : bytes(value))
  })
  return `# Limits

A server may be hostile, or only large. What it can make this process receive, hold or do is capped, always, and each cap is
checked before the memory is allocated. One that is reached gives \`LimitExceeded\`, which names it:

\`\`\`ts
import { isGitError, openRepository } from '@gitsync/protocol'

const small = openRepository('https://git.example.com/team/site.git', { limits: { maxRefs: 1 } })
const error = await small.refs().catch((error: unknown) => error)
if (isGitError(error, 'LimitExceeded')) console.log(error.details.limit, error.details.expected)
\`\`\`

| Limit | Of what | Default |
| --- | --- | ---: |
${rows.join('\n')}

\`maxResponseBytes\` and \`maxTotalBytes\` count bytes as they leave the transport: after the compression of HTTP is undone, for
which \`maxInflateRatio\` is the cap, and before objects are inflated, for which \`maxObjectBytes\` and \`maxBlobBytes\` are. A
file above \`maxObjectBytes\` cannot be read by \`file()\`; \`readBlob()\` and \`checkout()\` stream it, up to \`maxBlobBytes\` and
\`maxResponseBytes\`.

Others are elsewhere, or fixed:

| Of what | Default | Where |
| --- | ---: | --- |
${OTHERS.map((cells) => row(...cells)).join('\n')}
`
}
