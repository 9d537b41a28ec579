/**
 * `@gitsync/protocol/cli`: what the commands of other packages share with `gitsync`, so that flags, variables, exit codes
 * and credentials are the same everywhere. No promise is made of it: it changes with the command.
 * @module
 */
export { commitJson, commitMedium, commitOneline } from './commit-text.ts'
export { addConnectionOptions, ADDRESS, REVISION } from './connection-flags.ts'
export type { ConnectionFlags } from './connection-flags.ts'
export { parseDate } from './dates.ts'
export { describeRequest } from './describe-request.ts'
export { environmentProxy } from './environment-proxy.ts'
export { applyEnvironment } from './environment.ts'
export { ExitCode, exitCode } from './exit-code.ts'
export { inFlags } from './flag-words.ts'
export { identities } from './identity.ts'
export { readInputFile } from './input-file.ts'
export { Interrupted, interruptible } from './interrupt.ts'
export type { Io } from './io.ts'
export { write, writeJson, writeLines } from './output.ts'
export { formatBytes, progressMeter } from './progress.ts'
export { redactor } from './redact.ts'
export { collect } from './repeatable.ts'
export { parseByteCount, parseSeconds } from './units.ts'
export { withRepository } from './with-repository.ts'
