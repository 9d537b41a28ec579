import type { RequestRecord } from '../client/remote/remote.ts'

/** A request in one line, for `--verbose`. */
export function describeRequest(record: RequestRecord): string {
  const { method, path, transport, bytesSent, bytesReceived, milliseconds } = record
  const times = `${bytesSent} bytes up, ${bytesReceived} down, ${Math.round(milliseconds)} ms`
  return `${transport === 'ssh' ? 'SSH' : method} ${path} ${outcome(record)}, ${times}`
}

function outcome({ status, transport, exitCode, error }: RequestRecord): string {
  const failure = error === undefined ? '' : ` ${error}`
  if (transport !== 'ssh') return `${status === 0 ? 'no answer' : status}${failure}`
  // What is let go of after an advertisement is not waited for.
  return exitCode === undefined ? failure.trim() || 'answered' : `exit ${exitCode}${failure}`
}
