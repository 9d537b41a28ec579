import { causeOf } from '../../client/cause-of.ts'
import type { MirroredRef, MirrorProgress } from '../../client/mirror/mirror.ts'
import { parseSshAddress } from '../../client/ssh/address.ts'
import { GitError } from '../../format/errors.ts'
import { interruptible } from '../interrupt.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { writeJson, writeLines } from '../output.ts'
import { formatBytes, progressMeter } from '../progress.ts'
import { collect } from '../repeatable.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly fromUser?: string
  readonly fromToken?: string
  readonly fromBearer?: boolean
  readonly ref?: readonly string[]
  readonly prune?: boolean
  readonly force?: boolean
  readonly atomic?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const mirror: Verb = {
  name: 'mirror',
  examples: [
    'gitsync mirror https://git.example.com/team/site.git https://backup.example.com/site.git --prune',
    "gitsync mirror https://git.example.com/team/site.git git@backup.example.com:site.git --ref 'release-*' --ref 'v*'",
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('Bring branches and tags of one repository to another; the data passes through, nothing is stored')
      .argument('<from>', ADDRESS)
      .argument('<to>', 'the same; --user and --token are for this one')
      .option('--from-user <name>', 'user name that goes with --from-token (default: git)')
      .option('--from-token <token>', 'token for the first repository (default: --token where both are of one host)')
      .option('--from-bearer', 'send --from-token as Bearer instead of Basic')
      .option(
        '--ref <pattern>',
        "only these; * stands for anything: 'release-*', 'refs/tags/v1.*'; repeatable",
        collect,
      )
      .option('--prune', 'delete what the first repository does not have')
      .option('-f, --force', 'branches may lose commits, and tags may move')
      .option('--no-atomic', 'each ref by itself, instead of all or none where the server can')
      .option('-n, --dry-run', 'only tell what would be done')
      .option('--json', 'print [{ref, old, new, status, reason?}]')
      .action(async (from: string, to: string, flags: Flags) => {
        const results = await interruptible((signal) => run(from, to, flags, io, signal))
        await print(io, results, flags.json ?? false)
        judge(results)
      })
  },
}

async function run(from: string, to: string, flags: Flags, io: Io, signal: AbortSignal): Promise<MirroredRef[]> {
  const { prune = false, force = false, dryRun = false } = flags
  const meter = progressMeter(io)
  const onProgress = ({ bytes, objects }: MirrorProgress): void => {
    meter.show(() => `${formatBytes(bytes)} of ${objects} objects passed by`)
  }
  const options = {
    prune,
    force,
    dryRun,
    onProgress,
    ...(flags.ref === undefined ? {} : { refs: flags.ref }),
    ...(flags.atomic === false ? { atomic: false } : {}),
  }
  const long = { signal, limits: { maxResponseBytes: MIRROR_BYTES } }
  try {
    return await withRepository(
      from,
      sharedFlags(from, to, sourceFlags(from, to, flags)),
      io,
      (source) =>
        withRepository(to, sharedFlags(to, from, flags), io, (target) => source.mirrorTo(target, options), long),
      long,
    )
  } finally {
    meter.clear()
  }
}

/** A token goes to the host that it was given for: to another repository only where that is of the same origin. */
function sourceFlags(from: string, to: string, flags: Flags): ConnectionFlags {
  const { user: _user, token: _token, bearer: _bearer, fromUser, fromToken, fromBearer, ...others } = flags
  const { inherited = [] } = flags
  const isOwn = fromUser !== undefined || fromToken !== undefined || fromBearer !== undefined
  if (!isOwn && originOf(from) !== undefined && originOf(from) === originOf(to)) return flags
  return {
    ...others,
    inherited: inherited
      .filter((name) => !['user', 'token', 'bearer'].includes(name))
      .map((name) => name.replace(/^from(User|Token|Bearer)$/, (_name, own: string) => own.toLowerCase())),
    ...(fromUser === undefined ? {} : { user: fromUser }),
    ...(fromToken === undefined ? {} : { token: fromToken }),
    ...(fromBearer === undefined ? {} : { bearer: fromBearer }),
  }
}

/** Where the other repository is behind HTTP, what both share is meant for that one, and no mistake for this one. */
function sharedFlags(url: string, other: string, flags: ConnectionFlags): ConnectionFlags {
  const { inherited = [] } = flags
  const isMixed = parseSshAddress(url) !== undefined && parseSshAddress(other) === undefined
  return isMixed ? { ...flags, inherited: [...inherited, 'caFile', 'cert', 'proxy'] } : flags
}

/** Of an address of HTTP: others have none, and `URL` says so with a word. */
function originOf(url: string): string | undefined {
  const origin = URL.parse(url)?.origin
  return origin === 'null' ? undefined : origin
}

async function print(io: Io, results: readonly MirroredRef[], json: boolean): Promise<void> {
  if (json) {
    const shown = results.map(({ ref, old, new: next, status, reason }) => ({
      ref,
      old,
      new: next,
      status,
      ...(reason === undefined ? {} : { reason }),
    }))
    await writeJson(io, shown)
    return
  }
  const moved = results.filter(({ status }) => status === 'ok')
  await writeLines(
    io,
    moved.map(({ ref, old, new: next }) => (next === null ? `deleted ${ref} (was ${old})` : `${next} ${ref}`)),
  )
  if (results.length === 0) io.stderr.write('nothing to change\n')
}

/** @throws GitError that stands for the refs which are not as they should be */
function judge(results: readonly MirroredRef[]): void {
  const left = results.filter(({ status }) => status !== 'ok')
  const worst = causeOf(left.filter(({ status }) => status !== 'diverged')) ?? left[0]
  if (worst === undefined) return
  const { ref, status, reason = 'it was elsewhere' } = worst
  const others = left.length === 1 ? '' : `, and ${left.length - 1} more`
  const remedy = status === 'diverged' ? ' (--force moves it)' : ''
  const message = `${left.length} of ${results.length} refs stay as they were: ${ref}: ${reason}${remedy}${others}`
  throw new GitError(CODES[status], message, { ref })
}

/** Bytes that may pass by when nothing is kept of them: a tebibyte. */
const MIRROR_BYTES = 2 ** 40

const CODES = { ok: 'Rejected', stale: 'StaleRef', rejected: 'Rejected', diverged: 'NotFastForward' } as const
