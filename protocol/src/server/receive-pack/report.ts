import { FLUSH, packetLine } from '../../format/packet-line.ts'
import { channel } from '../wire/side-band.ts'
import type { RefResults } from './update-refs.ts'

/** What has become of a push. */
export interface PushReport {
  /** `ok`, or why its pack was not taken. */
  readonly unpack: string
  readonly results: RefResults
}

/** Says what has become of a push (gitprotocol-pack, "Report Status"). */
export function report({ unpack, results }: PushReport, capabilities: ReadonlySet<string>): Buffer {
  if (!capabilities.has('report-status') && !capabilities.has('report-status-v2')) return Buffer.alloc(0)
  const lines = [...results].map(([ref, why]) => (why === null ? `ok ${ref}` : `ng ${ref} ${why}`))
  const packets = [`unpack ${unpack}`, ...lines].map((line) => packetLine(`${line}\n`))
  const whole = Buffer.concat([...packets, FLUSH])
  return capabilities.has('side-band-64k') ? Buffer.concat([...channel(1, whole), FLUSH]) : whole
}
