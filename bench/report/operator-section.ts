import type { ExportResult } from '../export.ts'
import type { FleetResult } from '../fleet.ts'
import { grouped, kb, mb, ratio, table } from '../table.ts'

/** The operator's first export, and an edit after it. */
export function operatorSection(results: readonly ExportResult[], run: string): string {
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
  return `# The operator

${run}

## First export of ConfigMaps into one folder, then one edit

ConfigMaps of 1.5 KB. The bundled operator is a process of its own; the API server is the embedded one of the tests, the
remote is \`git http-backend\`, both on the same machine. Seconds count from the creation of the GitSync until the branch has the
commit; requests and body bytes are the Git host's; memory is the process's peak resident size, Node included.

${first}

${grouped(small.objects)} → ${grouped(large.objects)} objects (${ratio(large.objects, small.objects)}): ${ratio(large.seconds, small.seconds)} the time, ${ratio(large.cpuSeconds, small.cpuSeconds)} the processor time.

One edit afterwards:

${then}

For comparison, measured elsewhere and not in this run: another operator, which clones, took 14 s for 1,000 objects and 295 s
(117 CPU s) for 5,000, then 6 requests and 122 KB up for each edit.
`
}

/** Many GitSyncs on one repository: until everything is in Git, and while nothing changes. */
export function fleetSection(results: readonly FleetResult[]): string {
  if (results.length === 0) return ''
  const first = table(
    [
      'GitSyncs',
      'files',
      'seconds',
      'until all Ready',
      'CPU seconds',
      'Git requests',
      'KB up',
      'commits',
      'watches',
      'MB at most',
    ],
    results.map((r) => [
      grouped(r.gitsyncs),
      grouped(r.gitsyncs * r.configMapsEach),
      r.seconds.toFixed(1),
      r.readySeconds.toFixed(1),
      r.cpuSeconds.toFixed(1),
      r.requests,
      kb(r.up),
      grouped(r.commits),
      r.watches,
      mb(r.peakRss),
    ]),
  )
  const then = table(
    [
      'GitSyncs',
      'seconds',
      'Git requests',
      'objects written',
      'Lease renewals',
      'access reviews',
      'reads',
      'CPU seconds',
    ],
    results.map(({ gitsyncs, idle }) => [
      grouped(gitsyncs),
      idle.seconds.toFixed(0),
      idle.gitRequests,
      idle.writes,
      idle.leaseWrites,
      grouped(idle.accessReviews),
      grouped(idle.reads),
      idle.cpuSeconds.toFixed(1),
    ]),
  )
  return `## A namespace and a GitSync for each of many tenants, on one branch of one repository

Against a real kube-apiserver and \`git http-backend\`. Seconds count from the first GitSync that is created until every file is in
Git. Watches are those of ConfigMaps that the API server was asked for.

${first}

Afterwards, while nothing changes (requests as the API server's audit log and the Git host count them):

${then}

Objects written are status. That others have pushed to the branch is told with something else, or once an hour.

For comparison, measured elsewhere and not in this run: another operator, with 200 namespaces of 2 ConfigMaps each, had 90 of 400
files in Git after nine minutes, with 7,622 requests, 200 watches, 344 MB, and 225 MB of clones on disk.
`
}
