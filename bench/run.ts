/** `make bench`: runs the benchmarks and writes `bench/REPORT.md`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { benchEdit } from './edit.ts'
import type { EditResult } from './edit.ts'
import { benchExport } from './export.ts'
import type { ExportResult } from './export.ts'
import { describeMachine } from './machine.ts'
import { kb, mb, ratio, table } from './table.ts'

const FILE = join(import.meta.dirname, 'REPORT.md')
const EXPORTS = [1_000, 5_000]
const grouped = (count: number): string => count.toLocaleString('en-US')

function exportSection(results: readonly ExportResult[]): string {
  const [small, large] = [results[0], results.at(-1)]
  if (small === undefined || large === undefined) return ''
  const first = table(
    ['objects', 'seconds', 'CPU seconds', 'requests', 'pushes', 'KB up', 'KB down', 'MB at start', 'MB at most'],
    results.map((r) => [
      grouped(r.objects),
      r.seconds.toFixed(2),
      r.cpuSeconds.toFixed(2),
      r.traffic.requests,
      r.pushes,
      kb(r.traffic.up),
      kb(r.traffic.down),
      mb(r.startRss),
      mb(r.peakRss),
    ]),
  )
  const then = table(
    ['objects', 'requests', 'bytes up', 'of these the new blob', 'bytes down', 'CPU seconds, window of 5 s included'],
    results.map(({ objects, edit }) => [
      grouped(objects),
      edit.requests,
      edit.up,
      edit.blob,
      edit.down,
      edit.cpuSeconds.toFixed(2),
    ]),
  )
  return `## First export of ConfigMaps into one folder, then one edit

ConfigMaps of 1.5 KB. The bundled operator is a process of its own; the API server is the embedded one of the tests, the
remote is \`git http-backend\`, both on the same machine. Seconds count from the creation of the GitSync until the branch has the
commit; requests and body bytes are the Git host's; memory is the process's peak resident size, Node included.

${first}

${grouped(small.objects)} → ${grouped(large.objects)} objects (${ratio(large.objects, small.objects)}): ${ratio(large.seconds, small.seconds)} the time, ${ratio(large.cpuSeconds, small.cpuSeconds)} the processor time.

One edit afterwards:

${then}
`
}

function editSection(results: readonly EditResult[]): string {
  const sizes = Map.groupBy(results, ({ files }) => files)
  const parts = [...sizes].map(([files, rows]) => {
    const warm = rows.find(({ client }) => client === 'engine, warm')
    return `### ${grouped(files)} files, ${grouped(rows[0]?.commits ?? 0)} commits

${table(
  ['client', 'requests', 'KB up', 'KB down', 'ms', 'CPU ms', 'MB at most', 'KB down : engine warm'],
  rows.map((r) => [
    r.client,
    r.requests,
    kb(r.up),
    kb(r.down),
    r.milliseconds.toFixed(0),
    r.cpuMilliseconds.toFixed(0),
    mb(r.peakRss),
    warm === undefined ? '' : ratio(r.down, warm.down),
  ]),
)}
`
  })
  const warm = results.filter(({ client }) => client === 'engine, warm')
  const beyond = warm.map(({ up, blob }) => up - blob)
  return `## One edit in a repository of growing size

One file of 1.2 KB, four folders deep, is changed, committed and pushed over HTTP; each client is a process of its own, in the same
run against the same \`git http-backend\`; of three runs the one with the median time. Requests and body bytes are counted by the
remote. Processor time is the operation's own, programs that it runs included; memory is the peak of the process, Node
included, or of the largest program.

${parts.join('\n')}
Warm, from the smallest to the largest repository: ${warm.map(({ requests }) => requests).join(', ')} requests; ${beyond.join(', ')} bytes up beyond the
compressed blob; ${warm.map(({ down }) => down).join(', ')} bytes down.
`
}

const machine = await describeMachine()
const exports: ExportResult[] = []
for (const objects of EXPORTS) {
  const result = await benchExport(objects)
  console.log(
    `export of ${objects}: ${result.seconds.toFixed(2)} s, ${result.cpuSeconds.toFixed(2)} CPU s, ${mb(result.peakRss)} MB`,
  )
  exports.push(result)
}
const edits = await benchEdit(console.log)
await writeFile(
  FILE,
  `# Benchmarks

Written by \`make bench\`; everything below was measured in one run, except where it says otherwise.

${new Date().toISOString().slice(0, 10)}, ${machine}.

${exportSection(exports)}
For comparison, measured elsewhere and not in this run: another operator, which clones, took 14 s for 1,000 objects and 295 s
(117 CPU s) for 5,000, then 6 requests and 122 KB up for each edit.

${editSection(edits)}`,
)
console.log(`wrote ${FILE}`)
