import { constants } from 'node:os'
import { GitError } from '../format/errors.ts'
import { ExitCode, exitCode } from './exit-code.ts'
import { inFlags } from './flag-words.ts'
import { Interrupted } from './interrupt.ts'
import type { Io } from './io.ts'
import { writeError } from './output.ts'

/**
 * Tells a failure on standard error: as a line of text, or with `--json` as `{"error": {code, message, exitCode, …}}`.
 * @returns the exit code
 */
export function tellFailure(
  failure: unknown,
  { io, json, redact }: { readonly io: Io; readonly json: boolean; readonly redact: (text: string) => string },
): number {
  const error = inFlags(failure)
  const code = error instanceof Interrupted ? 128 + constants.signals[error.signal] : exitCode(error)
  const message = error instanceof Error ? error.message : String(error)
  if (json) io.stderr.write(`${redact(JSON.stringify({ error: describe(error, message, code) }))}\n`)
  else writeError(io, redact(message))
  return code
}

/** The same for what the parser of the command line says. @param verb the one that was to be used, where there is one */
export function tellUsage(
  text: string,
  io: Io,
  { json, verb }: { readonly json: boolean; readonly verb: string },
): void {
  const said = text
    .replace(/^error: /, '')
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*?)'\./, "<$2> must not be '$1'.")
    .trim()
    .replaceAll('\n', ' ')
  const message = `${said} (usage: gitsync ${verb === '' ? '' : `${verb} `}--help)`
  if (!json) io.stderr.write(`gitsync: ${message}\n`)
  else io.stderr.write(`${JSON.stringify({ error: { code: 'InvalidInput', message, exitCode: ExitCode.usage } })}\n`)
}

function describe(error: unknown, message: string, code: number): Readonly<Record<string, unknown>> {
  if (error instanceof Interrupted) return { code: 'Aborted', message, exitCode: code }
  if (!(error instanceof GitError)) return { code: 'Other', message, exitCode: code }
  const { cause: _cause, ...details } = error.details
  return { code: error.code, message, exitCode: code, ...details }
}
