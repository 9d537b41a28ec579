import type { Command, Option } from 'commander'
import { collect } from '../repeatable.ts'

export interface CompletionFlag {
  readonly long: string
  readonly short?: string
  readonly description: string
  /** What its value is called; absent for a switch. */
  readonly value?: string
  readonly choices: readonly string[]
  readonly repeatable: boolean
}

export interface CompletionVerb {
  readonly name: string
  readonly description: string
  readonly flags: readonly CompletionFlag[]
}

/** What a shell can complete: the command line as it is defined, and verbs of which only the name is known. */
export function completionModel(program: Command, external: readonly string[]): CompletionVerb[] {
  const builtIn = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    flags: [...command.options.map(flag), HELP],
  }))
  return [...builtIn, ...external.map((name) => ({ name, description: `runs gitsync-${name}`, flags: [] }))]
}

const HELP: CompletionFlag = {
  long: '--help',
  short: '-h',
  description: 'display help for command',
  choices: [],
  repeatable: false,
}

function flag({ long = '', short, description, flags, required, argChoices, parseArg }: Option): CompletionFlag {
  const [, value] = /<([^>]+)>/.exec(flags) ?? []
  return {
    long,
    description,
    choices: argChoices ?? [],
    repeatable: parseArg === collect,
    ...(short === undefined ? {} : { short }),
    ...(required ? { value: value ?? 'value' } : {}),
  }
}

/** Within single quotes of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
