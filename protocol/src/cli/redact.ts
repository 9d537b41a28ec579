import { secretsOf } from '../client/http/credentials.ts'
import { redactor as redactorOf } from '../client/http/redact.ts'

/** Gives a function that blots out the secrets of this run, whichever of them the command ends up using. */
export function redactor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const users = ['git', ...given('--user', argv), env['GITSYNC_USER'] ?? '']
  const tokens = [...given('--token', argv), env['GITSYNC_TOKEN'] ?? ''].filter((token) => token !== '')
  return redactorOf(tokens.flatMap((password) => users.flatMap((username) => secretsOf({ username, password }))))
}

function given(flag: string, argv: readonly string[]): string[] {
  return argv.flatMap((argument, index) => {
    if (argument === flag) return argv[index + 1] ?? []
    return argument.startsWith(`${flag}=`) ? argument.slice(flag.length + 1) : []
  })
}
