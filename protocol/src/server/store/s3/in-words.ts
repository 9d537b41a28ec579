import { GitError, isGitError } from '../../../format/errors.ts'
import type { GitErrorCode } from '../../../format/errors.ts'
import type { S3Location } from './bucket.ts'

interface Named {
  readonly bucket: string
  /** `at ENDPOINT`. */
  readonly at: string
}

type Telling = readonly [code: GitErrorCode, words: (at: Named) => string]

const UNKNOWN_KEY: Telling = ['Unauthorized', ({ at }) => `the access key is not known ${at}: check AWS_ACCESS_KEY_ID`]

/** What a bucket that cannot be used is told with: the error's name, the system's code, or the library's words where it has neither. */
const CAUSES: Readonly<Record<string, Telling>> = {
  NoSuchBucket: [
    'PathNotFound',
    ({ bucket, at }) => `there is no bucket ${bucket} ${at}: make it, or check bucket, endpoint and region`,
  ],
  InvalidBucketName: ['InvalidInput', ({ bucket }) => `${bucket} is no name of a bucket: check bucket`],
  InvalidAccessKeyId: UNKNOWN_KEY,
  // versitygw's.
  XAdminUserNotFound: UNKNOWN_KEY,
  SignatureDoesNotMatch: [
    'Unauthorized',
    ({ at }) => `the secret key is another one ${at}: check AWS_SECRET_ACCESS_KEY`,
  ],
  ExpiredToken: ['Unauthorized', () => 'the session of these credentials has ended: check AWS_SESSION_TOKEN'],
  CredentialsProviderError: [
    'Unauthorized',
    () => 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a profile or a role',
  ],
  AccessDenied: [
    'Forbidden',
    ({ bucket }) =>
      `these credentials may not use bucket ${bucket}: they need s3:GetObject, s3:PutObject and s3:AbortMultipartUpload on what is in it, and s3:ListBucket to see what is not there`,
  ],
  PermanentRedirect: ['InvalidInput', ({ bucket }) => `bucket ${bucket} is in another region: check region`],
  AuthorizationHeaderMalformed: ['InvalidInput', ({ bucket }) => `bucket ${bucket} is in another region: check region`],
  'Region is missing': [
    'InvalidInput',
    () => 'nothing says which region the bucket is in: set AWS_REGION, or check region',
  ],
  TimeoutError: ['Timeout', ({ at }) => `nobody answers ${at}: check endpoint and the network`],
  ECONNREFUSED: ['Network', ({ at }) => `nobody listens ${at}: check endpoint`],
  ENOTFOUND: ['Network', ({ at }) => `the host is not known ${at}: check endpoint and region`],
}

/** Why a bucket cannot be used, and what to do, for whoever chose it. */
export function inWords(error: unknown, { bucket, endpoint, region }: S3Location): GitError {
  if (isGitError(error)) return error
  const causes = chain(error)
  const found = causes
    .flatMap(({ name, code, message }) => [name, code, message])
    .map((name) => (name !== undefined && Object.hasOwn(CAUSES, name) ? CAUSES[name] : undefined))
    .find((known) => known !== undefined)
  const at = `at ${endpoint ?? `AWS${region === undefined ? '' : ` in ${region}`}`}`
  const details = causes.map(({ message }) => message).filter((text, i, all) => text !== '' && all.indexOf(text) === i)
  const [code, words] = found ?? ['ServerError', () => `bucket ${bucket} ${at} cannot be used`]
  return new GitError(code, `${words({ bucket: JSON.stringify(bucket), at })} (${details.at(-1)})`, { cause: error })
}

interface Cause {
  readonly name?: string
  readonly code?: string
  readonly message: string
  readonly cause?: unknown
}

function chain(error: unknown): Cause[] {
  const causes: Cause[] = []
  for (let at = error; at instanceof Error && causes.length < 10; at = at.cause) causes.push(at)
  return causes
}
