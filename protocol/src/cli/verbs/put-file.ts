import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import type { CommitOptions, PushOutcome } from '../../client/edit.ts'
import type { Repository } from '../../client/repository.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import { identities } from '../identity.ts'
import type { IdentityFlags } from '../identity.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, connect } from '../options.ts'
import type { ConnectionFlags } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ConnectionFlags, IdentityFlags {
  readonly from?: string
  readonly message?: string
  readonly createBranch?: string
  readonly json?: boolean
}

/** How often a commit is made anew on the branch's new tip when somebody else was quicker. */
const RETRIES = 3

export const putFile: Verb = {
  name: 'put-file',
  define(command, io) {
    addConnectionOptions(command)
      .description('Write one file of a branch and push the commit; the other files stay')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('<branch>', 'branch to commit to; in an empty repository it is created')
      .argument('<path>', 'file to write, from the root')
      .argument('[source]', '- for standard input')
      .option('--from <file>', 'read the content from this file')
      .option('-m, --message <text>', 'message of the commit')
      .option('--create-branch <from>', 'create the branch, starting at this branch, tag or commit')
      .option('--author <person>', '"Name <mail>" (default: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL)')
      .option('--committer <person>', '"Name <mail>" (default: GIT_COMMITTER_NAME and …_EMAIL, else the author)')
      .option('--json', 'print {ref, old, commit, requests, bytesSent, bytesReceived}')
      .action(async (url: string, branch: string, path: string, source: string | undefined, flags: Flags) => {
        const message = flags.message ?? needed('-m <message>')
        const commit = { message, ...identities(flags, io) }
        const repo = await connect(url, flags, io)
        const content = await readContent(source, flags.from, io)
        const outcome = await put(repo, { branch, path, content, commit, from: flags.createBranch })
        await print(io, repo, outcome, flags.json ?? false)
      })
  },
}

async function readContent(source: string | undefined, from: string | undefined, io: Io): Promise<Buffer> {
  if ((source === undefined) === (from === undefined)) needed('either - (standard input) or --from <file>')
  if (source !== undefined && source !== '-')
    needed(`- (standard input) or --from <file>, not ${JSON.stringify(source)},`)
  if (from === undefined) return await buffer(io.stdin)
  return await readFile(from).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error)
    throw new GitError('InvalidInput', `--from cannot be read: ${reason}`, { field: '--from' })
  })
}

function needed(what: string): never {
  throw new GitError('InvalidInput', `${what} is needed`, { field: what })
}

interface Change {
  readonly branch: string
  readonly path: string
  readonly content: Buffer
  readonly commit: CommitOptions
  /** Where the branch, which must not exist yet, is to start. */
  readonly from: string | undefined
}

/** @throws GitError `StaleRef` when the race was lost each time */
async function put(repo: Repository, { branch, path, content, commit, from }: Change): Promise<PushOutcome> {
  for (let left = RETRIES; ; left--) {
    const depth = path.split('/').length - 1
    const edit = await repo.edit(branch, from === undefined ? { depth } : { create: true, from })
    edit.put(path, content)
    await edit.commit(commit)
    try {
      return await edit.push()
    } catch (error) {
      if (!isGitError(error, 'StaleRef') || left === 0) throw error
    }
  }
}

async function print(io: Io, repo: Repository, outcome: PushOutcome, json: boolean): Promise<void> {
  const { ref, commit } = outcome
  const pushed = outcome.status === 'pushed'
  if (json) await writeJson(io, { ref, old: pushed ? outcome.old : commit, commit, ...repo.traffic })
  else await writeLines(io, [`${commit} ${ref}`])
  for (const line of pushed ? outcome.messages : ['nothing to change'])
    io.stderr.write(`${pushed ? 'remote: ' : ''}${line}\n`)
}
