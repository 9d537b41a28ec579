import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { applyEnvironment } from './environment.ts'
import { ExitCode } from './exit-code.ts'
import { externalVerbs, findExternal, runExternal } from './external.ts'
import { tellFailure, tellUsage } from './failure.ts'
import type { Io } from './io.ts'
import { writeError } from './output.ts'
import { redactor } from './redact.ts'
import { branch } from './verbs/branch.ts'
import { catFile } from './verbs/cat-file.ts'
import { check } from './verbs/check.ts'
import { clone } from './verbs/clone.ts'
import { completion } from './verbs/completion.ts'
import { diff } from './verbs/diff.ts'
import { log } from './verbs/log.ts'
import { lsRemote } from './verbs/ls-remote.ts'
import { lsTree } from './verbs/ls-tree.ts'
import { mirror } from './verbs/mirror.ts'
import { mv } from './verbs/mv.ts'
import { putFile } from './verbs/put-file.ts'
import { rm } from './verbs/rm.ts'
import { serve } from './verbs/serve.ts'
import { tag } from './verbs/tag.ts'

const VERBS = [
  check,
  lsRemote,
  lsTree,
  catFile,
  log,
  diff,
  clone,
  putFile,
  rm,
  mv,
  branch,
  tag,
  mirror,
  serve,
  completion,
]

/** Those that stand without a verb. */
const PROGRAM_FLAGS: ReadonlySet<string> = new Set(['--help', '-h', '--version', '-V'])

const ENVIRONMENT = `
Each flag has a twin in the environment: --ca-file is GITSYNC_CA_FILE; what is given on the command line wins.
A verb that is not listed runs the executable gitsync-<verb>, beside this command or on PATH.

Exit codes: 0 ok, 1 other, 2 usage, 3 authentication or permission, 4 not found,
5 conflict, 6 limit exceeded, 7 network or server failure; 128 and more: ended by a signal.
Errors go to standard error in one line; with --json as {"error": {code, message, exitCode, …}}.`

/**
 * Runs the command line and gives its exit code, never throws for what the user or a server did.
 * @param argv the arguments, without the program's own name
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  // Readers like `head` leave when they have seen enough.
  io.stdout.on('error', ignoreClosedPipe)
  const redact = redactor(argv, io.env)
  const [verb] = argv
  const mode = { json: argv.includes('--json'), verb: verb === undefined || verb.startsWith('-') ? '' : verb }
  const program = commandLine(io, redact, mode)
  if (verb === undefined || verb.startsWith('-') || verb === 'help') {
    const others = await externalVerbs(io)
    if (others.length > 0) program.addHelpText('after', `\nVerbs of other packages here: ${others.join(', ')}`)
  } else if (!isBuiltIn(program, verb)) {
    const external = await findExternal(verb, io)
    if (external !== undefined) return await runExternal(external, argv.slice(1), io)
    const known = VERBS.map(({ name }) => name).join(', ')
    writeError(
      io,
      redact(`there is no verb ${JSON.stringify(verb)}, nor an executable gitsync-${verb}. Verbs: ${known}`),
    )
    return ExitCode.usage
  }
  if (verb?.startsWith('-') === true && !PROGRAM_FLAGS.has(verb)) {
    tellUsage(redact(`flags stand behind the verb: gitsync <verb> ${flagOf(verb)} …`), io, mode)
    return ExitCode.usage
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return ExitCode.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage
    return tellFailure(error, { io, redact, json: mode.json })
  }
}

function commandLine(
  io: Io,
  redact: (text: string) => string,
  mode: { json: boolean; readonly verb: string },
): Command {
  const program = new Command('gitsync')
    .description('Read and edit Git repositories over HTTP and SSH, without cloning them')
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text) => {
        tellUsage(redact(text), io, mode)
      },
    })
    .addHelpText('after', ENVIRONMENT)
    .hook('preAction', (_program, action) => {
      applyEnvironment(action, io.env)
      mode.json = action.getOptionValue('json') === true
    })
  for (const { name, examples, define } of VERBS) {
    const command = program.command(name)
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
    define(command, io)
  }
  return program
}

function isBuiltIn(program: Command, verb: string): boolean {
  return program.commands.some((command) => command.name() === verb)
}

/** Without the value. */
const flagOf = (argument: string): string => argument.split('=')[0] ?? argument

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}
