import { Command } from 'commander'
import {
  addConnectionOptions,
  collect,
  formatBytes,
  identities,
  interruptible,
  parseByteCount,
  progressMeter,
  withRepository,
  write,
  writeJson,
} from '@gitsync/protocol/cli'
import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import { parseNamespace, withCluster } from '../common/cluster.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'
import { notesTo } from '../common/notes.ts'
import { printable } from '../common/output.ts'
import { EXIT_CODES, runProgram } from '../common/program.ts'
import type { Verb } from '../common/program.ts'
import { VERSION } from '../../version.ts'
import { parseLabelSelector } from './label-selector.ts'

interface Flags extends ConnectionFlags {
  readonly resource?: readonly string[]
  readonly namespace?: readonly string[]
  readonly allNamespaces?: boolean
  readonly selector?: string
  readonly context?: string
  readonly kubeconfig?: string
  readonly format: 'YAML' | 'JSON'
  readonly layout?: string
  readonly message?: string
  readonly author?: string
  readonly committer?: string
  readonly prune: 'Never' | 'Always'
  readonly bytesPerPush: number
  readonly toDir?: string
  readonly dryRun?: boolean
  readonly keepGoing?: boolean
  readonly json?: boolean
}

/** Who signs where nobody is named. */
const NOBODY = 'gitsync-export <gitsync-export@noreply.invalid>'
const BYTES_PER_PUSH = 32 << 20

const DESCRIPTION =
  'Write objects of a cluster to a Git repository, or to a folder, once. What is there already is not written again'

const EPILOGUE = `
Kinds are read with the rights of your kubeconfig; no definitions and no operator are needed.
Each flag has a twin in the environment: --ca-file is GITSYNC_CA_FILE.
${EXIT_CODES}`

/** A verb of `gitsync` and of `kubectl gitsync`. */
export const exportVerb: Verb = {
  name: 'export',
  examples: [
    'gitsync export https://git.example.com/team/audit.git main clusters/prod -n shop --resource ConfigMap --resource apps/Deployment',
    'gitsync export https://git.example.com/team/audit.git main -A --resource deployments,services,configmaps --dry-run',
    'gitsync export --to-dir ./dump -A --resource deployments -l app=web',
  ],
  define,
}

function define(command: Command, io: Io): void {
  command
    .description(DESCRIPTION)
    .argument('[url]', 'repository: https://…, http://…, ssh://… or user@host:path')
    .argument('[branch]', 'branch to commit to; created from the default branch when it is missing')
    .argument('[path]', 'folder in the repository', '.')
    .option(
      '--resource <kind>',
      'what to write, as in ConfigMap, deployments or apps/Deployment (repeatable; also a,b)',
      collect,
    )
    .option('-n, --namespace <name>', "where to look (repeatable; default: the context's)", namespaces)
    .option('-A, --all-namespaces', 'look in all namespaces')
    .option('-l, --selector <labels>', 'only objects with these labels, as in app=web,tier!=test', parseLabelSelector)
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, else ~/.kube/config')
    .option('--layout <template>', 'path of each file (default: {namespace}/{type}/{name}.yaml, or .json)')
    .option('-m, --message <text>', 'message of the commit (default: says what is written)')
    .option('--author <person>', `"Name <mail>" (default: GIT_AUTHOR_NAME and GIT_AUTHOR_EMAIL, else ${NOBODY})`)
    .option('--committer <person>', '"Name <mail>" (default: GIT_COMMITTER_NAME and …_EMAIL, else the author)')
    .option(
      '--bytes-per-push <count>',
      'a larger export becomes several pushes, with a commit each',
      parseByteCount,
      BYTES_PER_PUSH,
    )
    .option('--to-dir <dir>', 'write to this folder of this machine instead of a repository')
    .option('--dry-run', 'only say what would be written')
    .option('--keep-going', 'leave out what cannot be read, instead of writing nothing')
    .option('--json', 'print {commit, files, requests, written, deleted, commits}')
  command.addOption(
    command.createOption('--format <format>', 'how files are written').choices(['YAML', 'JSON']).default('YAML'),
  )
  command.addOption(
    command
      .createOption('--prune <mode>', 'files of the folder that nothing was exported to: left, or deleted')
      .choices(['Never', 'Always'])
      .default('Never'),
  )
  addConnectionOptions(command).action(
    (url: string | undefined, branch: string | undefined, path: string, flags: Flags) =>
      run({ url, branch, path: path.replace(/^(?:\.\/)+|\/+$/g, '') || '.' }, flags, io),
  )
}

export async function main(argv: readonly string[], io: Io): Promise<number> {
  const examples = `\nExamples:\n${exportVerb.examples.map((line) => `  ${line}`).join('\n')}\n${EPILOGUE}`
  const command = new Command('gitsync export').version(VERSION).addHelpText('after', examples)
  define(command, io)
  return await runProgram(command, argv, io)
}

function namespaces(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').map((name) => parseNamespace(name.trim()))]
}

interface Where {
  readonly url: string | undefined
  readonly branch: string | undefined
  readonly path: string
}

async function run({ url, branch, path }: Where, flags: Flags, io: Io): Promise<void> {
  const { toDir } = flags
  const kinds = (flags.resource ?? []).flatMap((text) => text.split(',')).map((text) => text.trim())
  if (kinds.length === 0) throw new CommandFailure('usage', '--resource <kind> is needed, such as --resource ConfigMap')
  if (flags.allNamespaces === true && flags.namespace !== undefined) {
    throw new CommandFailure('usage', '--namespace and --all-namespaces exclude each other: leave out one')
  }
  if (toDir === undefined && (url === undefined || branch === undefined)) {
    throw new CommandFailure(
      'usage',
      'URL and BRANCH are needed (or --to-dir <dir>): gitsync export URL BRANCH [PATH] --resource …',
    )
  }
  if (toDir !== undefined && url !== undefined) {
    throw new CommandFailure('usage', `--to-dir and the repository ${url} exclude each other: leave out one`)
  }
  if (toDir !== undefined && flags.prune === 'Always') {
    throw new CommandFailure(
      'usage',
      '--prune=Always is for repositories, which can give files back: empty the folder of --to-dir yourself',
    )
  }
  // What is wrong with these is found before anything is read.
  const people = identities(authored(flags, io), io)
  const { parseTemplate } = await import('../../render/path.ts')
  if (flags.layout !== undefined) parseTemplate(flags.layout)
  const meter = progressMeter(io)
  const { namespace: _namespaces, ...clusterFlags } = flags
  await withCluster(clusterFlags, io, async (cluster) => {
    const runtime = await read({ kinds, path }, cluster, { flags, io, meter })
    const files = runtime.member.desired.size
    const dryRun = flags.dryRun ?? false
    if (toDir !== undefined) {
      const { writeFolder } = await import('./write-folder.ts')
      const written = await writeFolder(runtime.member, toDir, { dryRun })
      const changes = written.map((path) => ({ status: 'A' as const, path }))
      await report(io, flags, { commit: null, commits: [], changes, files, requests: 0, place: toDir })
      return
    }
    await interruptible((signal) =>
      withRepository(
        url ?? '',
        flags,
        io,
        async (repository) => {
          const { pushFiles } = await import('./push-files.ts')
          const { message, prune, bytesPerPush } = flags
          const onProgress = (done: number, all: number): void => meter.show(() => `${done} of ${all} files pushed`)
          const to = { branch: branch ?? '', path, prune, message, ...people, bytesPerPush, dryRun, onProgress }
          const exported = await pushFiles(runtime.member, repository, to).finally(meter.clear)
          const { requests, bytesSent } = repository.traffic
          if (flags.verbose === true) io.stderr.write(`${requests} requests, ${formatBytes(bytesSent)} sent\n`)
          await report(io, flags, { ...exported, files, requests, place: `${branch}${path === '.' ? '' : `:${path}`}` })
        },
        { signal },
      ),
    )
  })
}

async function read(
  { kinds, path }: { readonly kinds: readonly string[]; readonly path: string },
  cluster: Cluster,
  { flags, io, meter }: { readonly flags: Flags; readonly io: Io; readonly meter: ReturnType<typeof progressMeter> },
) {
  const { readCluster } = await import('./read-cluster.ts')
  const { selector: labelSelector, layout: template, format, keepGoing = false } = flags
  const inNamespaces = flags.allNamespaces === true ? undefined : (flags.namespace ?? [cluster.namespace])
  const selection = {
    path,
    kinds: [...new Set(kinds)],
    namespaces: inNamespaces,
    labelSelector,
    layout: { template, format },
  }
  const onProgress = (objects: number): void => meter.show(() => `${objects} objects read`)
  return await readCluster(selection, cluster, { notes: notesTo(io), keepGoing, onProgress }).finally(meter.clear)
}

/** With somebody who signs. */
function authored(flags: Flags, { env }: Io): Flags {
  const isSet = (env['GIT_AUTHOR_NAME'] ?? '') !== '' && (env['GIT_AUTHOR_EMAIL'] ?? '') !== ''
  return flags.author !== undefined || isSet ? flags : { ...flags, author: NOBODY }
}

interface Report {
  readonly commit: string | null
  readonly commits: readonly string[]
  readonly changes: readonly { readonly status: string; readonly path: string }[]
  readonly files: number
  readonly requests: number
  readonly place: string
}

async function report(
  io: Io,
  flags: Flags,
  { commit, commits, changes, files, requests, place }: Report,
): Promise<void> {
  const deleted = changes.filter(({ status }) => status === 'D').length
  const written = changes.length - deleted
  if (flags.json === true) {
    await writeJson(io, { commit, files, requests, written, deleted, commits })
    return
  }
  const list =
    flags.dryRun === true ? changes.map(({ status, path }) => `${status}\t${printable(path)}\n`).join('') : ''
  const counts = `${written} of ${files} files${deleted === 0 ? '' : ` and ${deleted} deletions`}`
  const said =
    changes.length === 0
      ? files === 0
        ? 'nothing to write: no object was found that is asked for'
        : `nothing to write: ${place} has all ${files} files`
      : flags.dryRun === true
        ? `${counts} would be written to ${place}`
        : `${commit === null ? '' : `${commit} `}${counts} written to ${place}`
  await write(io.stdout, `${list}${said}\n`)
}
