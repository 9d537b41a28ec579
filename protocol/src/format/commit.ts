import { GitError } from './errors.ts'
import { formatIdentity, parseIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import { isObjectId } from './object-id.ts'
import type { ObjectId } from './object-id.ts'
import { splitHeaders } from './headers.ts'
import { withLineBreak } from './text.ts'

export interface Commit {
  readonly tree: ObjectId
  readonly parents: readonly ObjectId[]
  readonly author: Identity
  readonly committer: Identity
  readonly message: string
  /** Armored (git-commit, `gpgsig`): OpenPGP, SSH or S/MIME. What it signs is the object without this header. */
  readonly signature?: string
  /** The `encoding` header: what the object's bytes are in, where that is not UTF-8. Texts here are decoded already. */
  readonly encoding?: string
}

/** A commit object; the message ends with a line break, as git's own do. */
export function serializeCommit(commit: Commit): Buffer {
  const head = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatIdentity(commit.author)}`,
    `committer ${formatIdentity(commit.committer)}`,
  ]
  return Buffer.from(`${head.join('\n')}\n\n${withLineBreak(commit.message)}`)
}

/**
 * Headers that are not listed in {@link Commit} (merge tags for instance) are passed over.
 * @throws GitError `Malformed`
 */
export function parseCommit(body: Buffer): Commit {
  const { headers, message, encoding } = splitHeaders(body)
  const first = (name: string): string | undefined => headers.find((header) => header.name === name)?.value
  const tree = first('tree')
  const parents = headers.filter(({ name }) => name === 'parent').map(({ value }) => value)
  if (tree === undefined || !isObjectId(tree) || !parents.every(isObjectId)) {
    throw new GitError('Malformed', 'a commit object names no tree, or parents that are no object ids')
  }
  const author = first('author') ?? ''
  // A commit that was translated between hash functions carries both signatures; the one of its own function is meant.
  const signature = tree.length === 64 ? first('gpgsig-sha256') : (first('gpgsig') ?? first('gpgsig-sha256'))
  return {
    tree,
    parents,
    author: parseIdentity(author),
    committer: parseIdentity(first('committer') ?? author),
    message,
    ...(signature === undefined ? {} : { signature }),
    ...(encoding === undefined ? {} : { encoding }),
  }
}

/** What a commit's signature is over: the object's bytes without any signature (gitformat-signature, "Commit signatures"). */
export function signedPayload(body: Buffer): Buffer {
  const end = body[0] === 0x0a ? 0 : body.indexOf('\n\n')
  const head = end < 0 ? body : body.subarray(0, end)
  const kept: Buffer[] = []
  let isSignature = false
  for (let start = 0; start < head.length;) {
    const lineEnd = head.indexOf(0x0a, start)
    const next = lineEnd < 0 ? head.length : lineEnd + 1
    const isContinued = head[start] === 0x20
    if (!isContinued) isSignature = /^gpgsig(?:-sha256)? /.test(head.toString('latin1', start, start + 16))
    if (!isSignature) kept.push(head.subarray(start, next))
    start = next
  }
  // The line break behind the last header, which goes with it where that is the signature.
  const whole = Buffer.concat(kept)
  const isCut = whole.at(-1) === 0x0a
  return Buffer.concat([isCut ? whole.subarray(0, -1) : whole, end < 0 ? Buffer.alloc(0) : body.subarray(end)])
}
