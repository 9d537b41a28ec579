/** Gives a function that blots out the secrets of this run: a server may send back what it was sent. */
export function redactor(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const users = ['git', ...given('--user', argv), env['GITSYNC_USER'] ?? '']
  const tokens = [...given('--token', argv), env['GITSYNC_TOKEN'] ?? ''].filter((token) => token !== '')
  const secrets = tokens.flatMap((token) => [
    ...users.map((user) => Buffer.from(`${user}:${token}`).toString('base64')),
    token,
  ])
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text)
}

function given(flag: string, argv: readonly string[]): string[] {
  return argv.flatMap((argument, index) => {
    if (argument === flag) return argv[index + 1] ?? []
    return argument.startsWith(`${flag}=`) ? argument.slice(flag.length + 1) : []
  })
}
