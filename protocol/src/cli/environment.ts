import type { Command, Option } from 'commander'
import { GitError } from '../format/errors.ts'

const OFF = new Set(['0', 'false', 'no', 'off'])

/** `--ca-file` → `GITSYNC_CA_FILE`. */
function twin(option: Option): string {
  return `GITSYNC_${(option.long ?? '').slice(2).toUpperCase().replaceAll('-', '_')}`
}

/**
 * Fills flags that the command line leaves open from their twins in the environment. Empty twins count as absent;
 * those of switches may say `0`, `false`, `no` or `off`.
 * @throws GitError `InvalidInput` naming the twin
 */
export function applyEnvironment(command: Command, env: Readonly<Record<string, string | undefined>>): void {
  const inherited: string[] = []
  for (const option of command.options) {
    const name = twin(option)
    const value = env[name]
    const key = option.attributeName()
    if (value === undefined || value === '' || command.getOptionValueSource(key) === 'cli') continue
    inherited.push(key)
    if (option.negate) {
      // GITSYNC_NO_X switches x off.
      if (!OFF.has(value.toLowerCase())) command.setOptionValueWithSource(key, false, 'env')
    } else if (option.isBoolean()) {
      if (!OFF.has(value.toLowerCase())) command.setOptionValueWithSource(key, true, 'env')
    } else command.setOptionValueWithSource(key, parsed(option, name, value), 'env')
  }
  command.setOptionValueWithSource('inherited', inherited, 'env')
}

function parsed(option: Option, name: string, value: string): unknown {
  if (option.parseArg === undefined) return value
  try {
    return option.parseArg(value, undefined)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new GitError('InvalidInput', `${name} ${JSON.stringify(value)} is unusable: ${reason}`, { field: name })
  }
}
