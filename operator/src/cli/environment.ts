import { Help } from 'commander'
import type { Command, Option } from 'commander'

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'false', 'no', 'off'].map((word) => [word, false] as const),
])

/** `--log-level` → `GITSYNC_LOG_LEVEL`. */
const twinOf = (option: Option): string => `GITSYNC_${(option.long ?? '').slice(2).toUpperCase().replaceAll('-', '_')}`

/** Shows the twin of each of these flags in the command's help. */
export function showTwins(command: Command, flags: readonly Option[]): void {
  const help = new Help()
  command.configureHelp({
    optionDescription(option) {
      if (!flags.includes(option)) return help.optionDescription(option)
      const shown = Object.create(option) as Option
      shown.envVar = twinOf(option)
      return help.optionDescription(shown)
    },
  })
}

/**
 * Fills flags that the command line leaves open from their twins in the environment. Empty twins count as absent, and
 * those of switches say yes or no in one of the usual words: some switch a guard off, which no misspelt word may do.
 * Commander's own twins know neither rule.
 * @throws CommanderError for a value that is not accepted
 */
export function applyEnvironment(
  command: Command,
  flags: readonly Option[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const option of flags) {
    const name = twinOf(option)
    const value = env[name]?.trim() ?? ''
    const key = option.attributeName()
    if (value === '' || command.getOptionValueSource(key) === 'cli') continue
    if (option.isBoolean()) command.setOptionValueWithSource(key, wordOf(command, name, value), 'env')
    else command.setOptionValueWithSource(key, parsed(command, option, name, value), 'env')
  }
}

function wordOf(command: Command, name: string, value: string): boolean {
  const isOn = WORDS.get(value.toLowerCase())
  if (isOn !== undefined) return isOn
  return command.error(`error: ${name} ${JSON.stringify(value)} is unusable. It must be true or false.`)
}

function parsed(command: Command, option: Option, name: string, value: string): unknown {
  try {
    return option.parseArg?.(value, option.defaultValue) ?? value
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return command.error(`error: ${name} ${JSON.stringify(value)} is unusable. ${reason}`)
  }
}
