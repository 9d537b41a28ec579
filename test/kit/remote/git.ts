import { run } from '../process/run.ts'
import type { RunOptions } from '../process/run.ts'

/**
 * An environment in which git reads neither the machine's nor the user's configuration, never asks for anything, and
 * writes commits as one fixed person.
 *
 * @param home an empty folder of the test's own
 */
export function gitEnvironment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '/bin/false',
    GIT_AUTHOR_NAME: 'Foreign Writer',
    GIT_AUTHOR_EMAIL: 'foreign@example.com',
    GIT_COMMITTER_NAME: 'Foreign Writer',
    GIT_COMMITTER_EMAIL: 'foreign@example.com',
    LC_ALL: 'C',
    TZ: 'UTC',
  }
}

/** Runs git in `dir` with an isolated environment and gives the bytes it printed. Throws CommandError. */
export async function gitBytes(
  dir: string,
  home: string,
  args: readonly string[],
  options: Omit<RunOptions, 'cwd'> = {},
): Promise<Buffer> {
  const env = { ...gitEnvironment(home), ...options.env }
  const { stdout } = await run('git', args, { ...options, cwd: dir, env })
  return stdout
}

/** As `gitBytes`, as text without the final newline. */
export async function git(...call: Parameters<typeof gitBytes>): Promise<string> {
  const printed = await gitBytes(...call)
  return printed.toString().replace(/\n$/, '')
}
