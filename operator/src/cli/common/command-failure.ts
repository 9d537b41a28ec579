import { constants } from 'node:os'
import { exitCode, ExitCode, inFlags, Interrupted } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { InvalidSpecError } from '../../api/invalid-spec.ts'
import type { Reason } from '../../api/reasons.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { KubeErrorCode } from '../../kube/errors.ts'
import { InvalidTemplateError } from '../../render/template-error.ts'
import { printable } from './output.ts'

/** Why a command did not do what it was told; the message names field or flag, value and remedy. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly kind: keyof typeof ExitCode

  constructor(kind: keyof typeof ExitCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

const BY_KUBE_CODE: Readonly<Record<KubeErrorCode, keyof typeof ExitCode>> = {
  NotFound: 'notFound',
  NotServed: 'notFound',
  AlreadyExists: 'conflict',
  Conflict: 'conflict',
  Forbidden: 'permission',
  Unauthorized: 'permission',
  Invalid: 'other',
  BadRequest: 'other',
  Gone: 'network',
  TooManyRequests: 'network',
  Unavailable: 'network',
  Timeout: 'network',
  Network: 'network',
  Malformed: 'network',
  TooLarge: 'limit',
  Aborted: 'other',
  Configuration: 'usage',
}

/** The others are `other`. */
const BY_REASON: Partial<Readonly<Record<Reason, keyof typeof ExitCode>>> = {
  InvalidSpec: 'usage',
  InvalidTemplate: 'usage',
  UnknownKind: 'notFound',
  ServiceAccountNotFound: 'notFound',
  SecretNotFound: 'notFound',
  RepositoryNotFound: 'notFound',
  BranchNotFound: 'notFound',
  Forbidden: 'permission',
  SecretNotConsenting: 'permission',
  InvalidSecret: 'permission',
  HostNotAllowed: 'permission',
  AuthenticationFailed: 'permission',
  PermissionDenied: 'permission',
  PushRejected: 'permission',
  FolderClaimed: 'conflict',
  PathOverlap: 'conflict',
  PathConflict: 'conflict',
  Drifted: 'conflict',
  HistoryRewritten: 'conflict',
  LimitExceeded: 'limit',
  NotGit: 'network',
  CertificateInvalid: 'permission',
  Unreachable: 'network',
  RateLimited: 'network',
  ClusterUnavailable: 'network',
}

/** A failure of the push half, told by its shape: its class would load the whole engine into every command. */
const reasonOf = (error: unknown): Reason | undefined =>
  error instanceof Error && error.name === 'PushFailure' ? (error as Error & { reason: Reason }).reason : undefined

function kindOf(error: unknown): keyof typeof ExitCode | undefined {
  if (error instanceof CommandFailure) return error.kind
  if (isKubeError(error)) return BY_KUBE_CODE[error.code]
  if (error instanceof InvalidSpecError || error instanceof InvalidTemplateError) return 'usage'
  const reason = reasonOf(error)
  return reason === undefined ? undefined : (BY_REASON[reason] ?? 'other')
}

/** Tells a failure on standard error, as a line, or with `--json` as `{"error": {code, message, exitCode}}`. */
export function tellFailure(
  failure: unknown,
  { io, json, redact }: { readonly io: Io; readonly json: boolean; readonly redact: (text: string) => string },
): number {
  const error = inFlags(failure)
  const kind = kindOf(error)
  const code =
    error instanceof Interrupted
      ? 128 + constants.signals[error.signal]
      : kind === undefined
        ? exitCode(error)
        : ExitCode[kind]
  const message = error instanceof Error ? error.message : String(error)
  const name = reasonOf(error) ?? (error as { code?: string }).code ?? kind ?? 'Other'
  const shown = json ? JSON.stringify({ error: { code: name, message, exitCode: code } }) : `error: ${message}`
  // Servers and files of a repository have a say in messages.
  io.stderr.write(`${printable(redact(shown))}\n`)
  return code
}
