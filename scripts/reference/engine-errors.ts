import { exitCode } from '../../protocol/src/cli/exit-code.ts'
import { GitError } from '../../protocol/src/format/errors.ts'
import type { GitErrorCode } from '../../protocol/src/format/errors.ts'
import { row } from './table.ts'

interface Explained {
  readonly meaning: string
  readonly remedy: string
}

const CODES: Readonly<Record<GitErrorCode, Explained>> = {
  InvalidInput: {
    meaning:
      'An argument is unusable; `field` names it, `actual` is its value. Also the folder of a checkout that this machine does not let us write.',
    remedy:
      "Correct the argument: nothing has been sent. Where a checkout cannot write (`field: 'dir'`, and the message has ENOSPC or EACCES), make room or get the permission, then `resume`: some files may be there already.",
  },
  Malformed: {
    meaning: "What the server sent breaks the rules of Git's formats or protocol.",
    remedy: 'Try again once: a proxy may have cut the answer. Then tell who runs the server.',
  },
  LimitExceeded: {
    meaning: '`limit` was reached, its value is `expected`.',
    remedy: 'Ask for less, or raise the limit ([limits](limits.md)).',
  },
  NotGit: {
    meaning: 'The answer is no Git protocol, but for instance the HTML page of a login.',
    remedy: 'Check the URL; some hosts answer so when credentials are missing.',
  },
  Unauthorized: {
    meaning: 'HTTP 401, or no key that the SSH host takes.',
    remedy: 'Give credentials, or others. With a callback this comes after it was asked for new ones.',
  },
  Forbidden: {
    meaning: 'HTTP 403: the credentials are known, and not enough.',
    remedy: 'Ask for the permission to read or write this repository.',
  },
  RepositoryNotFound: {
    meaning: 'HTTP 404. Many hosts say so where credentials are missing or not enough.',
    remedy: 'Check the URL, then the credentials.',
  },
  Redirected: {
    meaning: 'The server sends the client elsewhere, and that was not followed; `actual` is the new address.',
    remedy: 'Use the new address if you trust it.',
  },
  RefNotFound: {
    meaning: 'There is no branch, tag or ref `ref`.',
    remedy: 'Check the name. To create a branch, see [refs and tags](refs-and-tags.md).',
  },
  RefExists: { meaning: 'The ref `ref` exists and was to be created.', remedy: 'Another name, or `force` for a tag.' },
  PathNotFound: {
    meaning: '`path` does not exist in the revision.',
    remedy: 'Check the path; upper and lower case count.',
  },
  UnexpectedType: {
    meaning: 'A file where a folder is needed, a tag where a commit is, and so on: `expected`, `actual`.',
    remedy: 'Name another path or revision; `replace` where one thing is to take the place of another.',
  },
  TargetExists: {
    meaning: 'Something is in the way: on the disk, or where something is to be moved.',
    remedy: '`resume` for a checkout, `replace` for a change.',
  },
  UnsafePath: {
    meaning: 'A path of the repository must not be written to a disk: it leads out of the folder, or names a device.',
    remedy: 'Leave it out with `exclude`, and ask how it got there.',
  },
  ObjectMissing: {
    meaning:
      'The server does not send an object (`oid`) that it refers to; or a snapshot is asked for a folder (`path`) that has not been read.',
    remedy:
      'Try again: the branch may have moved meanwhile. If it stays, the repository is damaged. A snapshot reads more by `repo.read(snapshot, { folders })`.',
  },
  IncompletePack: {
    meaning: 'What was about to be pushed refers to objects that nobody has. Nothing was sent.',
    remedy: 'Begin the edit anew from the branch.',
  },
  StaleRef: {
    meaning: 'The branch is not where it should be: somebody pushed. `actual` is where it is.',
    remedy: 'Read it again, make the change again, push again ([editing](editing.md)).',
  },
  NotFastForward: {
    meaning: 'The branch would lose commits. Nothing was sent.',
    remedy: 'Merge first, or `force`.',
  },
  Rejected: {
    meaning: 'The server refused the update: a hook, a protected branch, a quota. `remote` has its words.',
    remedy: 'Show `remote` to the person who pushes.',
  },
  UntrustedHost: {
    meaning: 'The SSH key of the host is unknown, has changed or is revoked; `actual` is its fingerprint.',
    remedy: 'Compare the fingerprint with what the host publishes, then add it to `knownHosts`.',
  },
  Unsupported: {
    meaning: 'The server lacks what the operation needs: `atomic`, push options, partial fetches.',
    remedy: 'Do without. The message names what is lacking.',
  },
  RateLimited: {
    meaning: 'HTTP 429, or 403 with `Retry-After`.',
    remedy: 'Wait `waitMs` milliseconds where it is given, else a minute.',
  },
  ServerError: {
    meaning: 'HTTP 5xx, or the server gave up with words of its own (`remote`).',
    remedy: 'Try again later.',
  },
  Network: {
    meaning: 'No connection, no such name, a certificate that nobody vouches for, an answer that was cut.',
    remedy: 'Try again; for certificates see [transport](transport.md).',
  },
  Timeout: { meaning: 'It took longer than it was given.', remedy: 'Try again, or give it more time.' },
  Aborted: { meaning: 'Your `signal` ended it.', remedy: 'Nothing.' },
}

/** docs/engine/errors.md. */
export function errorsPage(): string {
  const rows = Object.entries(CODES).map(([code, { meaning, remedy }]) => {
    const error = new GitError(code as GitErrorCode, '')
    return row(`\`${code}\``, meaning, remedy, `\`${error.advice}\``, String(exitCode(error)))
  })
  return `# Errors

Everything that fails rejects with a \`GitError\`. Switch on its \`code\`, never on its text. \`details\` has the facts: which
field, path, ref or limit, what was expected, what was found, and in \`remote\` the lines that the server sent for people.
Credentials never stand in a message, nor control characters that a server sent.

\`\`\`ts
import { isGitError } from '@gitsync/protocol'

try {
  await repo.file('main', 'no/such/file')
} catch (error) {
  if (!isGitError(error, 'PathNotFound', 'RefNotFound')) throw error
  console.log(error.code, error.details.path, error.advice)
}
\`\`\`

\`advice\` says what a program without an opinion should do: \`retry\` soon, \`wait\` for \`details.waitMs\` milliseconds, or
\`stall\` until somebody changes something. Reads are tried again by the engine itself before an error gets here; pushes
never are ([transport](transport.md)). An error that has \`waitMs\` always advises \`wait\`. A push of several refs of which some
were left alone has what became of each in \`details.refs\`.

| Code | Meaning | What to do | Advice | Exit code |
| --- | --- | --- | --- | ---: |
${rows.join('\n')}

The exit code is that of the [\`gitsync\` command](cli.md). After a push that ends in \`Network\`, \`Timeout\` or \`ServerError\`
the engine has looked at the branch: if the commit had arrived there would be no error. Where that look failed as well the
outcome is unknown, and a second push of the same commit is harmless: the same edit has the same id, unless it is signed.
`
}
