import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OPERATIONS } from './operations.ts'
import { SERVERS } from './servers.ts'

/**
 * How many requests an operation takes, or the code of the error that says why it cannot be done; `deceived` where a server
 * said that it was done, and it was not.
 */
export type Cell = number | string

/** By operation, then by server. */
export type Table = Readonly<Record<string, Readonly<Record<string, Cell>>>>

const FILE = join(import.meta.dirname, 'requests.json')
export const PAGE = join(import.meta.dirname, '../../../../docs/engine/servers.md')

export function readTable(): Table {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Table
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return {}
    throw error
  }
}

/**
 * Writes the table, and the page that shows it.
 * @param found cells that were seen; others stay as they are
 */
export function writeTable(found: ReadonlyMap<string, ReadonlyMap<string, Cell>>): void {
  const known = readTable()
  const rows = OPERATIONS.map(({ name }) => {
    const cells = SERVERS.map((server) => [
      server.name,
      found.get(name)?.get(server.name) ?? known[name]?.[server.name],
    ])
    return [name, Object.fromEntries(cells)] as const
  })
  const table: Table = Object.fromEntries(rows)
  writeFileSync(FILE, `${JSON.stringify(table, null, 2)}\n`)
  mkdirSync(dirname(PAGE), { recursive: true })
  writeFileSync(PAGE, page(table))
}

/** The table as a page for readers. */
export function page(table: Table): string {
  const head = ['Operation', ...SERVERS.map(({ name }) => name)]
  const rows = OPERATIONS.map(({ name }) => [
    name,
    ...SERVERS.map((server) => {
      const cell = table[name]?.[server.name] ?? ''
      return typeof cell === 'number' || cell === 'deceived' ? String(cell) : `\`${cell}\``
    }),
  ])
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return `# What each operation costs, server by server

Every operation of the client against every kind of server, from nothing: the repository has just been opened, and nothing is
remembered. A number is how many requests it took. A word is the code of the error that the client gives where a server does
not offer what is needed; nothing has been changed then. *deceived*: the server said ok without having done it, and the client
took its word, as this was the first thing that it asked the server; option \`verify\` has it look; or, under \`no atomic\`, it did a part of what
was to be done wholly or not at all, and the error says so. Each answer has been compared with what git says of the same
repository, and after each change \`git fsck --strict\` finds nothing wrong and every tree is the one that \`git write-tree\` makes of
the same files. What a client remembers from one operation to the next is not shown: the second edit of a branch takes one
request.

\`make matrix\` measures this again.

## Servers

${SERVERS.map(({ name, about }) => `- **${name}**: ${about}.`).join('\n')}

## Requests

${line(head)}
${line(head.map((_, index) => (index === 0 ? '---' : '---:')))}
${rows.map(line).join('\n')}
`
}
