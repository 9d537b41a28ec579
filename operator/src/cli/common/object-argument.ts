import type { Command } from 'commander'
import { CommandFailure } from './command-failure.ts'

/**
 * Adds the last argument of a verb, an object in one word. Two words, as kubectl takes them, are answered with the one; so
 * is a GitSync's name before the object, which other verbs take.
 * @param name as commander has it: `<object>`, or `[object]` for one that may be left out
 */
export function addObjectArgument(command: Command, name: string, description: string): Command {
  return command
    .argument(name, description)
    .allowExcessArguments()
    .hook('preAction', (_command, { args, registeredArguments }) => {
      const words = args.slice(registeredArguments.length - 1)
      if (words.length < 2) return
      const meant = oneWord(words)
      const remedy = meant === undefined ? ', such as deployment/web' : `: write ${meant}`
      throw new CommandFailure('usage', `an object is one word${remedy}, and not ${words.join(' ')}`)
    })
}

function oneWord(words: readonly string[]): string | undefined {
  if (words.length > 2) return undefined
  const whole = words.filter((word) => word.includes('/'))
  if (whole.length === 0) return words.join('/')
  return whole.length === 1 ? whole[0] : undefined
}
