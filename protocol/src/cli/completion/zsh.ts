import { quoted } from './model.ts'
import type { CompletionFlag, CompletionVerb } from './model.ts'

/** To be sourced, or put into a folder of $fpath as `_gitsync`. */
export function zshCompletion(verbs: readonly CompletionVerb[]): string {
  const listed = verbs.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`)
  const cases = verbs.map(({ name, flags }) => {
    const specs = [...flags.flatMap(specification), '*:argument:_files']
    return `    ${quoted(name)})\n      _arguments -s ${specs.map(quoted).join(' \\\n        ')} ;;`
  })
  return `#compdef gitsync
# zsh completion of gitsync: source <(gitsync completion zsh)
_gitsync() {
  local -a verbs
  verbs=(
${listed.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _gitsync ]; then _gitsync "$@"; else compdef _gitsync gitsync; fi
`
}

function specification({ long, short, description, value, choices, repeatable }: CompletionFlag): string[] {
  const explained = `[${description.replace(/[[\]\\:]/g, '\\$&')}]`
  const taken = choices.length > 0 ? `(${choices.join(' ')})` : /^(?:file|dir)$/.test(value ?? '') ? '_files' : ' '
  const argument = value === undefined ? '' : `:${value}:${taken}`
  return [long, ...(short === undefined ? [] : [short])].map(
    (flag) => `${repeatable ? '*' : ''}${flag}${explained}${argument}`,
  )
}
