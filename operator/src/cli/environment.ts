import { Help } from 'commander'
import type { Command, Option } from 'commander'

const OFF: ReadonlySet<string> = new Set(['0', 'false', 'no', 'off'])

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
 * Fills flags that the command line leaves open from their twins in the environment. The same rule as for `gitsync`:
 * empty twins count as absent, and those of switches may say `0`, `false`, `no` or `off`. Commander's own twins do
 * neither, and an empty value of a chart would then switch things on.
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
    if (option.isBoolean()) command.setOptionValueWithSource(key, !OFF.has(value.toLowerCase()), 'env')
    else command.setOptionValueWithSource(key, parsed(command, option, name, value), 'env')
  }
}

function parsed(command: Command, option: Option, name: string, value: string): unknown {
  try {
    return option.parseArg?.(value, option.defaultValue) ?? value
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return command.error(`error: ${name} ${JSON.stringify(value)} is unusable. ${reason}`)
  }
}
