import { quoted } from './model.ts'
import type { CompletionVerb } from './model.ts'

/** Where nothing of ours fits, a value or an argument, bash offers files. */
export function bashCompletion(verbs: readonly CompletionVerb[]): string {
  const choices = verbs.flatMap(({ name, flags }) =>
    flags
      .filter((flag) => flag.choices.length > 0)
      .map((flag) => `    ${quoted(`${name} ${flag.long}`)}) words=${quoted(flag.choices.join(' '))} ;;`),
  )
  const values = verbs.flatMap(({ name, flags }) => {
    const taking = flags.filter(({ value }) => value !== undefined)
    const patterns = taking.flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])])
    return patterns.length === 0
      ? []
      : [`    ${patterns.map((flag) => quoted(`${name} ${flag}`)).join('|')}) return ;;`]
  })
  const flags = verbs.map((verb) => {
    const words = verb.flags.flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])])
    return `    ${quoted(verb.name)}) words=${quoted(words.join(' '))} ;;`
  })
  return `# bash completion of gitsync: source <(gitsync completion bash)
_gitsync() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]} words=''
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted([...verbs.map(({ name }) => name), '--help', '--version'].join(' '))} -- "$current"))
    return
  fi
  case "$verb $previous" in
${choices.join('\n')}
${values.join('\n')}
  esac
  if [ -z "$words" ]; then
    case $current in -*) ;; *) return ;; esac
    case $verb in
${flags.map((line) => `  ${line}`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _gitsync gitsync
`
}
