import { secretsOf } from '../client/http/credentials.ts'
import { redactor as redactorOf } from '../client/remote/redact.ts'

/** Gives a function that blots out the secrets of this run, whichever of them the command ends up using. */
export function redactor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const all = (flag: string, name: string): string[] => [...given(flag, argv), env[name] ?? '']
  const users = ['git', ...all('--user', 'GITSYNC_USER'), ...all('--from-user', 'GITSYNC_FROM_USER')]
  const tokens = [...all('--token', 'GITSYNC_TOKEN'), ...all('--from-token', 'GITSYNC_FROM_TOKEN')]
  const secrets = tokens
    .filter((token) => token !== '')
    .flatMap((password) => users.flatMap((username) => secretsOf({ username, password })))
  const phrases = all('--sign-passphrase', 'GITSYNC_SIGN_PASSPHRASE').filter((phrase) => phrase !== '')
  return redactorOf([...secrets, ...phrases])
}

function given(flag: string, argv: readonly string[]): string[] {
  return argv.flatMap((argument, index) => {
    if (argument === flag) return argv[index + 1] ?? []
    return argument.startsWith(`${flag}=`) ? argument.slice(flag.length + 1) : []
  })
}
