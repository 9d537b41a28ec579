import { Command, CommanderError } from 'commander'
import { applyEnvironment, ExitCode, redactor } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { VERSION } from '../../version.ts'
import { tellFailure } from './command-failure.ts'

/** One verb of a command: its arguments, flags and action, and command lines that show its use. */
export interface Verb {
  readonly name: string
  readonly examples: readonly string[]
  readonly define: (command: Command, io: Io) => void
}

/** Ends the command with this code when everything has been said. */
export class EndWith extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`ends with ${exitCode}`)
    this.exitCode = exitCode
  }
}

export interface ProgramOptions {
  /** As people type it: `kubectl gitsync`. */
  readonly name: string
  readonly description: string
  readonly epilogue: string
}

/** Below every command's help. */
export const EXIT_CODES = `
Exit codes: 0 ok, 1 other, 2 usage, 3 authentication or permission, 4 not found,
5 conflict, 6 limit exceeded, 7 network or server failure; 128 and more: ended by a signal.`

/** A command line of verbs. */
export function programOf(verbs: readonly Verb[], { name, description, epilogue }: ProgramOptions, io: Io): Command {
  const program = new Command(name).description(description).version(VERSION).addHelpText('after', epilogue)
  for (const verb of verbs) {
    const command = program.command(verb.name)
    command.addHelpText('after', `\nExamples:\n${verb.examples.map((line) => `  ${line}`).join('\n')}`)
    verb.define(command, io)
  }
  return program
}

/**
 * Parses and runs a command line, and gives its exit code; never throws for what the user or a server did.
 * @param argv the arguments, without the program's own name
 */
export async function runProgram(program: Command, argv: readonly string[], io: Io): Promise<number> {
  // Readers like `head` leave when they have seen enough.
  io.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const redact = redactor(argv, io.env)
  let json = argv.includes('--json')
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text) => tellUsage(redact(text), { io, json, help: helpOf(command) }),
    })
  }
  program.hook('preAction', (_program, action) => {
    applyEnvironment(action, io.env)
    json = action.getOptionValue('json') === true || action.getOptionValue('output') === 'json'
  })
  const [first] = argv
  if (program.commands.length > 0 && first?.startsWith('-') === true && !FLAGS.has(first)) {
    const text = `flags stand behind the verb: ${program.name()} <verb> ${first.split('=')[0]} …`
    tellUsage(redact(text), { io, json, help: helpOf(program) })
    return ExitCode.usage
  }
  if (program.commands.length > 0 && first === undefined) {
    io.stdout.write(program.helpInformation())
    return ExitCode.ok
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return ExitCode.ok
  } catch (error) {
    if (error instanceof EndWith) return error.exitCode
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
    return tellFailure(error, { io, redact, json })
  }
}

/** Those that stand without a verb. */
const FLAGS: ReadonlySet<string> = new Set(['--help', '-h', '--version', '-V'])

/** The command line that explains a command. */
const helpOf = (command: Command): string =>
  `${[command.parent?.name(), command.name()].filter((name) => name !== undefined).join(' ')} --help`

function tellUsage(
  text: string,
  { io, json, help }: { readonly io: Io; readonly json: boolean; readonly help: string },
): void {
  const said = text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
  const message = `${said} (usage: ${help})`
  const shown = json
    ? JSON.stringify({ error: { code: 'usage', message, exitCode: ExitCode.usage } })
    : `error: ${message}`
  io.stderr.write(`${shown}\n`)
}
