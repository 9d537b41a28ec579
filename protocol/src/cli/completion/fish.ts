import type { CompletionFlag, CompletionVerb } from './model.ts'

/** For ~/.config/fish/completions/gitsync.fish. */
export function fishCompletion(verbs: readonly CompletionVerb[]): string {
  const listed = verbs.map(
    ({ name, description }) => `complete -c gitsync -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
  )
  const flags = verbs.flatMap((verb) => verb.flags.map((flag) => line(verb.name, flag)))
  return `# fish completion of gitsync: gitsync completion fish | source\n${[...listed, ...flags].join('\n')}\n`
}

function line(verb: string, { long, short, description, value, choices }: CompletionFlag): string {
  const words = [
    `complete -c gitsync -n '__fish_seen_subcommand_from ${verb}'`,
    `-l ${long.slice(2)}`,
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(value === undefined ? [] : ['-r']),
    ...(choices.length === 0 ? [] : [`-f -a ${quoted(choices.join(' '))}`]),
    `-d ${quoted(description)}`,
  ]
  return words.join(' ')
}

/** Unlike other shells fish knows escapes within single quotes. */
function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}
