import { readFileSync } from 'node:fs'
import { DEFAULT_LIMITS } from '../../protocol/src/client/limits.ts'
import { row } from './table.ts'

const SOURCE = new URL('../../protocol/src/client/limits.ts', import.meta.url)

/** Limits that belong elsewhere, or that nobody can change. */
const OTHERS = [
  ['Milliseconds of one request, its body included', '300,000', '`requestTimeoutMs`'],
  ['Milliseconds of silence: connection, headers, between two pieces', '60,000', '`undiciTransport({ timeoutMs })`'],
  ['Milliseconds of `Retry-After` that are waited for', '30,000', '`retry.maxWaitMs`'],
  ['Tries of a request that changes nothing', '3', '`retry.attempts`'],
  ['Bytes of a path', '4,096', 'fixed'],
  ['Folders in folders', '2,048, as in git', 'fixed'],
  ['Bytes of a packet', '65,520, as in the protocol', 'fixed'],
  ['Bytes of a server’s messages that are kept', '65,536', 'fixed'],
  ['Bytes of a commit’s or tag’s message', '1 MiB', 'fixed'],
  ['Characters of a push option', '1,024', 'fixed'],
  ['Bytes of one answer with all levels of a tree', '524,288', '`oneFetchBytes`'],
  ['Bytes of contents that wait in memory for a push', '8 MiB, then a temporary file', '`writing`'],
] as const

/** docs/engine/limits.md. */
export function limitsPage(): string {
  const source = readFileSync(SOURCE, 'utf8')
  const rows = Object.entries(DEFAULT_LIMITS).map(([name, value]) => {
    const [, comment] = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+readonly ${name}:`).exec(source) ?? []
    if (comment === undefined) throw new Error(`limits.ts does not say what ${name} is`)
    const meaning = comment.replaceAll(/\s+(?:\* )?/g, ' ').replace(/ Default .*$/, '')
    return row(`\`${name}\``, meaning.trim(), value.toLocaleString('en'))
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

\`maxResponseBytes\` counts what arrives, before it is inflated; a small answer that inflates without end meets
\`maxObjectBytes\` or \`maxBlobBytes\`. A file above \`maxObjectBytes\` cannot be read by \`file()\`; \`readBlob()\` and
\`checkout()\` stream it, up to \`maxBlobBytes\` and \`maxResponseBytes\`.

Others are elsewhere, or fixed:

| Of what | Default | Where |
| --- | ---: | --- |
${OTHERS.map((cells) => row(...cells)).join('\n')}
`
}
