import type { Command } from 'commander'
import { CommandFailure } from './command-failure.ts'

/**
 * Adds the last argument of a verb, an object in one word. Two words, as kubectl takes them, are answered with the one.
 * @param name as commander has it: `<object>`, or `[object]` for one that may be left out
 */
export function addObjectArgument(command: Command, name: string, description: string): Command {
  return command
    .argument(name, description)
    .allowExcessArguments()
    .hook('preAction', (_command, { args, registeredArguments }) => {
      const [kind, ...rest] = args.slice(registeredArguments.length - 1)
      if (rest.length === 0) return
      const remedy = rest.length === 1 ? `: write ${kind}/${rest[0]}` : ', such as deployment/web'
      throw new CommandFailure('usage', `an object is one word${remedy}, and not ${[kind, ...rest].join(' ')}`)
    })
}
