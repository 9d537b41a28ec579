import { GitError } from './errors.ts'
import { formatIdentity, parseIdentity } from './identity.ts'
import type { Identity } from './identity.ts'
import { isObjectId } from './object-id.ts'
import type { ObjectId } from './object-id.ts'

export interface Commit {
  readonly tree: ObjectId
  readonly parents: readonly ObjectId[]
  readonly author: Identity
  readonly committer: Identity
  readonly message: string
}

/** A commit object; the message ends with a line break, as git's own do. */
export function serializeCommit(commit: Commit): Buffer {
  const head = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatIdentity(commit.author)}`,
    `committer ${formatIdentity(commit.committer)}`,
  ]
  return Buffer.from(`${head.join('\n')}\n\n${commit.message.replace(/\n*$/, '\n')}`)
}

/** Headers that are not listed in {@link Commit} (signatures, encodings, merge tags) are passed over. @throws GitError `Malformed` */
export function parseCommit(body: Buffer): Commit {
  const text = body.toString('utf8')
  const end = text.indexOf('\n\n')
  const head = end < 0 ? text : text.slice(0, end)
  const found: { tree?: string; author?: string; committer?: string; parents: string[] } = { parents: [] }
  for (const line of head.split('\n')) {
    const space = line.indexOf(' ')
    const value = line.slice(space + 1)
    switch (line.slice(0, Math.max(space, 0))) {
      case 'tree':
        found.tree ??= value
        break
      case 'parent':
        found.parents.push(value)
        break
      case 'author':
        found.author ??= value
        break
      case 'committer':
        found.committer ??= value
        break
      default:
    }
  }
  const { tree, parents, author = '', committer = author } = found
  if (tree === undefined || !isObjectId(tree) || !parents.every(isObjectId)) {
    throw new GitError('Malformed', 'a commit object names no tree, or parents that are no object ids')
  }
  return {
    tree,
    parents,
    author: parseIdentity(author),
    committer: parseIdentity(committer),
    message: end < 0 ? '' : text.slice(end + 2),
  }
}
