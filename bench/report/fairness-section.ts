import type { FairnessResult } from '../fairness.ts'
import { grouped, table } from '../table.ts'

/** How long tenants wait for each other at a host that takes few requests. */
export function fairnessSection(result: FairnessResult): string {
  const { tenants, perMinute, floodPerSecond, p50, p99, worst, fairShare, mostInAMinute, floodEdits } = result
  return `## ${tenants} tenants on a host that takes ${perMinute} requests a minute

Each has a repository of its own, and the GitProvider says ${perMinute} requests a minute, burst 0. One tenant writes ${floodPerSecond} objects a
second without end (${grouped(floodEdits)} edits in all); everybody else edits one object within a minute. Seconds are from that edit until its
push arrives; the fair share is the window's silence and one request for each tenant.

${table(
  ['p50', 'p99', 'worst', 'fair share', 'most requests in any 60 seconds'],
  [[...[p50, p99, worst, fairShare].map((seconds) => `${seconds.toFixed(0)} s`), mostInAMinute]],
)}
`
}
