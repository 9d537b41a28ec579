import type { Command, Option } from 'commander'
import { write } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { NAMESPACES } from '../../controllers/known-resources.ts'
import { withCluster } from '../common/cluster.ts'
import type { Cluster, ClusterFlags } from '../common/cluster.ts'
import { listGitSyncs } from './gitsyncs.ts'

/** What kubectl is told to do besides (cobra's ShellCompDirective): nothing but these words, or files as well. */
const NO_FILES = ':4'
const FILES = ':0'

/** Names that the API server is asked for while somebody waits at a prompt, in milliseconds. */
const PATIENCE_MS = 2_000
const MAX_NAMES = 500

/**
 * Answers kubectl's question how a command line may go on: a word a line, each with what it means, and a directive at the end
 * (kubectl 1.26 and later ask the program `kubectl_complete-gitsync`).
 * @param words after `kubectl gitsync`; the last is the one being typed
 */
export async function complete(program: Command, words: readonly string[], io: Io): Promise<void> {
  const { lines, files } = await candidates(program, words, io)
  await write(io.stdout, `${[...lines, files ? FILES : NO_FILES].join('\n')}\n`)
}

async function candidates(
  program: Command,
  words: readonly string[],
  io: Io,
): Promise<{ readonly lines: readonly string[]; readonly files: boolean }> {
  const typed = words.at(-1) ?? ''
  const only = (lines: readonly string[]) => ({ lines: lines.filter((line) => line.startsWith(typed)), files: false })
  const verb = program.commands.find((command) => command.name() === words[0])
  if (words.length <= 1 || verb === undefined) {
    return only(
      words.length > 1 ? [] : program.commands.map((command) => `${command.name()}\t${command.description()}`),
    )
  }
  const asked = verb.options.find((option) => option.required && isFlag(option, words.at(-2) ?? ''))
  if (asked?.argChoices !== undefined) return only(asked.argChoices)
  if (asked?.long === '--namespace') return only(await names(words, verb, io, namespaces))
  if (asked !== undefined) return { lines: [], files: /<file>/.test(asked.flags) }
  if (typed.startsWith('-')) return only(verb.options.map(({ long = '', description }) => `${long}\t${description}`))
  const [argument] = verb.registeredArguments
  const isFirst = positionals(verb, words.slice(1, -1)).length === 0
  return only(argument?.name() === 'name' && isFirst ? await names(words, verb, io, gitsyncs) : [])
}

const isFlag = ({ long, short }: Option, word: string): boolean => word === long || word === short

/** Words that are neither flags nor their values. */
function positionals(verb: Command, words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    const before = words[index - 1] ?? ''
    return !word.startsWith('-') && !verb.options.some((option) => option.required && isFlag(option, before))
  })
}

/** Asks the cluster that the words before name. Whatever goes wrong, there are no names. */
async function names(
  words: readonly string[],
  verb: Command,
  io: Io,
  ask: (cluster: Cluster) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const valueOf = (long: string): string | undefined => {
    const option = verb.options.find((one) => one.long === long)
    const at = words.findLastIndex(
      (word, index) => index < words.length - 2 && option !== undefined && isFlag(option, word),
    )
    return at < 0 ? words.find((word) => word.startsWith(`${long}=`))?.slice(long.length + 1) : words[at + 1]
  }
  const given = {
    namespace: valueOf('--namespace'),
    context: valueOf('--context'),
    kubeconfig: valueOf('--kubeconfig'),
  }
  const flags = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ClusterFlags
  const { promise: late, resolve } = Promise.withResolvers<readonly string[]>()
  const timer = setTimeout(() => resolve([]), PATIENCE_MS)
  const found = withCluster(flags, io, ask).catch((): readonly string[] => [])
  return await Promise.race([found, late]).finally(() => clearTimeout(timer))
}

async function gitsyncs(cluster: Cluster): Promise<readonly string[]> {
  return (await listGitSyncs(cluster, { everywhere: false })).map(({ metadata }) => metadata.name)
}

async function namespaces({ client }: Cluster): Promise<readonly string[]> {
  return (await client.list(NAMESPACES, undefined, { limit: MAX_NAMES })).items.map(({ metadata }) => metadata.name)
}
