/** What was found, as an auditor keeps it. */
import { z } from 'zod'
import { AuditError } from '../audit-error.ts'
import { ATTRIBUTIONS } from './attribution.ts'
import { FINDING_KINDS } from './findings.ts'
import { REPORT_FORMAT } from './report-format.ts'

const text = z.string().max(65_536)
const oid = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
const count = z.number().int().min(0)
const time = z.iso.datetime()

const reportSchema = z.object({
  format: z.literal(REPORT_FORMAT),
  tool: z.object({ name: text, version: text }),
  time,
  remote: text,
  branch: text,
  /** Null where the branch is gone. */
  tip: oid.nullable(),
  verdict: z.enum(['Intact', 'NotIntact', 'CouldNotTell']),
  /** What this goes on from: an earlier tip, and the report that it was in. */
  earlier: z.object({ tip: oid, time: time.nullable(), sha256: text.nullable() }).nullable(),
  commits: z.object({
    checked: count,
    byOperator: count,
    byOthers: count,
    merges: count,
    withTrailers: count,
    newest: time.nullable(),
    oldest: time.nullable(),
  }),
  operators: z.array(text),
  signatures: z.object({
    asked: z.boolean(),
    good: count,
    bad: count,
    unknownKey: count,
    invalidKey: count,
    unreadable: count,
    unchecked: count,
    unsigned: count,
  }),
  keys: z.array(
    z.object({ format: z.enum(['SSH', 'OpenPGP']), fingerprint: text, signers: z.array(text), commits: count }),
  ),
  /** Trailers that were asked for. */
  trailers: z.array(text),
  attributions: z.record(z.enum(ATTRIBUTIONS), count),
  /** Those with most commits first. */
  authors: z.array(z.object({ name: text, commits: count })),
  claims: z.array(z.object({ path: text, oid, cluster: text.nullable(), gitsync: text.nullable() })),
  counts: z.array(z.object({ kind: z.enum(FINDING_KINDS), severity: z.enum(['broken', 'doubt', 'note']), count })),
  findings: z.array(
    z.object({ kind: z.enum(FINDING_KINDS), commit: oid.optional(), path: text.optional(), message: text }),
  ),
  /** To the Git host. */
  requests: count,
})

export type AuditReport = Readonly<z.infer<typeof reportSchema>>

/**
 * Reads a report of earlier.
 * @throws AuditError `InvalidReport`
 */
export function parseReport(content: string): AuditReport {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (cause) {
    throw new AuditError('InvalidReport', 'it is not JSON: give what --json or --save NAME.json wrote', { cause })
  }
  const { data, error } = reportSchema.safeParse(value)
  if (data !== undefined) return data
  const [issue] = error.issues
  const where = issue === undefined ? '' : `: ${issue.path.join('.') || 'it'}: ${issue.message}`
  throw new AuditError('InvalidReport', `it is no report of gitsync audit verify${where}`)
}
