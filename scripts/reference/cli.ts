import { PassThrough } from 'node:stream'
import { ExitCode } from '../../protocol/src/cli/exit-code.ts'
import { main } from '../../protocol/src/cli/main.ts'
import { row } from './table.ts'

const EXITS: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'it worked',
  other: 'anything else',
  usage: 'an argument is wrong; nothing has been sent',
  permission: 'credentials are wrong or missing, or the server does not permit it',
  notFound: 'no such repository, branch, tag or path',
  conflict: 'somebody was faster, or something exists already',
  limit: 'a limit was reached, such as `--max-bytes`',
  network: 'no connection, or a server that fails or speaks no Git',
}

/** Flags that verbs share. */
const CONNECTION = /^ {2}--user <name>[^]*?^ {2}-v, --verbose.*\n/m
const SEE_ABOVE = '  (those of every connection, above)\n'

async function help(verb?: string): Promise<string> {
  const stdout = new PassThrough()
  const unused = { stderr: new PassThrough(), stdin: new PassThrough(), now: () => new Date(0) }
  const io = { ...unused, stdout, env: {}, program: '/' }
  await main(verb === undefined ? ['--help'] : [verb, '--help'], io)
  return String(stdout.read()).trimEnd()
}

/** docs/engine/cli.md. */
export async function cliPage(): Promise<string> {
  // The width of a terminal must not show in the page.
  process.stdout.columns = 80
  const verbs = [...(await help()).matchAll(/^ {2}([a-z-]+)(?: \[options\])?(?: [<[]| {2})/gm)].flatMap(
    ([, verb]) => verb ?? [],
  )
  const [common = ''] = CONNECTION.exec(await help('check')) ?? []
  const sections: string[] = []
  for (const verb of verbs.filter((verb) => verb !== 'help')) {
    const text = (await help(verb)).replace(common, SEE_ABOVE)
    sections.push(`## ${verb}\n\n\`\`\`\n${text}\n\`\`\``)
  }
  const exits = Object.entries(ExitCode).map(([name, code]) => row(String(code), EXITS[name as keyof typeof ExitCode]))
  return `# The \`gitsync\` command

Each verb is one operation of the engine. In this checkout it is \`npx gitsync\`, after \`npm ci\`.

- \`--json\` prints one JSON document on standard output; errors are then one JSON line on standard error.
- Every flag has a twin in the environment: \`--ca-file\` is \`GITSYNC_CA_FILE\`. The flag wins.
- Credentials come from \`--user\` and \`--token\`, or from git's own credential helpers; better not from the command line, where
  other users of the machine can read them: use \`GITSYNC_TOKEN\`.
- \`-v\` prints a line for each request.
- \`gitsync completion bash\` prints a script that completes verbs and flags; also \`zsh\` and \`fish\`.

| Exit code | Meaning |
| ---: | --- |
${exits.join('\n')}
| 128 + n | ended by signal n |

[Errors](errors.md) lists which error gives which code.

## Every connection

\`\`\`
${common.trimEnd()}
\`\`\`

${sections.join('\n\n')}
`
}
