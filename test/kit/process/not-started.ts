/** Debian packages of programs that a machine may lack, where the names differ. */
const PACKAGES: Readonly<Record<string, string>> = {
  gpg: 'gnupg',
  gpgconf: 'gnupg',
  'ssh-add': 'openssh-client',
  'ssh-agent': 'openssh-client',
  'ssh-keygen': 'openssh-client',
  unshare: 'util-linux',
}

/** Says why a command could not be started; where the program is missing, which package has it. */
export function notStarted(command: string, error: NodeJS.ErrnoException): string {
  const isMissing = error.code === 'ENOENT' && !command.includes('/')
  const remedy = isMissing ? `; if it is not installed: apt-get install ${PACKAGES[command] ?? command}` : ''
  return `could not be started: ${error.message}${remedy}`
}
