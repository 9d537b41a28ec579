import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { component } from '../components/index.ts'
import { run, startProcess, withFreePorts } from '../process/index.ts'
import type { RunningProcess } from '../process/index.ts'

export interface SshServerOptions {
  /** Whether clients may ask for a version of Git's protocol (`AcceptEnv GIT_PROTOCOL`); without it Git answers in version 0. Default true. */
  readonly acceptProtocol?: boolean
}

/** One command that a client ran. */
export interface RanCommand {
  readonly command: string
  /** GIT_PROTOCOL as the command saw it; empty without. */
  readonly protocol: string
  /** The same for all commands of one connection. */
  readonly connection: string
}

/** An OpenSSH server of its own on loopback, with a key made for it, which lets one key in. */
export interface SshServer {
  readonly host: string
  readonly port: number
  readonly user: string
  /** The host's key, a line of `known_hosts` without the host's name: type and base64. */
  readonly hostKey: string
  /** Text for `known_hosts` in which this server stands. */
  readonly knownHosts: string
  /** Fingerprint of the host's key, `SHA256:…`. */
  readonly fingerprint: string
  /** The key that is let in, OpenSSH format, not encrypted. */
  readonly privateKey: string
  /** Path of the same. */
  readonly keyFile: string
  /** Address of a repository by its path on this machine. */
  readonly url: (path: string) => string
  /** What clients ran since the start. */
  commands(): Promise<RanCommand[]>
  /** Lets another key in, by its public half. */
  letIn(publicKey: string): Promise<void>
  /** Ends all connections, and starts again on the same port. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Commands run as the user of this process. As root it needs a mount namespace of its own, for the user that OpenSSH wants. */
export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const sshd = await component('sshd')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-ssh-'))
  const at = (name: string): string => join(dir, name)
  const { username: user, uid } = userInfo()
  for (const name of ['host', 'client']) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', at(name)])
  }
  await writeFile(at('authorized'), await readFile(at('client.pub')))
  await writeFile(at('log'), '')
  await writeFile(at('command.sh'), COMMAND.replace('LOG', at('log')), { mode: 0o755 })
  if (uid === 0) {
    const users = await readFile('/etc/passwd', 'utf8')
    await writeFile(at('passwd'), `${users.replace(/\n?$/, '\n')}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n`)
  }
  let port = 0
  const start = async (): Promise<RunningProcess> => {
    await writeFile(at('config'), config({ dir, port, user, acceptProtocol: options.acceptProtocol ?? true }))
    const [command, ...args] = [
      ...(uid === 0 ? [...NAMESPACE, at('passwd')] : []),
      sshd,
      '-D',
      '-e',
      '-f',
      at('config'),
    ]
    return startProcess(command ?? sshd, args, { name: 'sshd', ready: { port } })
  }
  let server: RunningProcess
  try {
    server = await withFreePorts(1, ([free = 0]) => {
      port = free
      return start()
    })
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
  const [type = '', base64 = ''] = (await readFile(at('host.pub'), 'utf8')).split(' ')
  const printed = await run('ssh-keygen', ['-l', '-f', at('host.pub')])
  return {
    host: '127.0.0.1',
    port,
    user,
    hostKey: `${type} ${base64}`,
    knownHosts: `[127.0.0.1]:${port} ${type} ${base64}\n`,
    fingerprint: printed.stdout.toString().split(' ')[1] ?? '',
    privateKey: await readFile(at('client'), 'utf8'),
    keyFile: at('client'),
    url: (path) => `ssh://${user}@127.0.0.1:${port}${path}`,
    commands: async () => (await readFile(at('log'), 'utf8')).split('\n').filter(Boolean).map(parseCommand),
    letIn: (publicKey) => appendFile(at('authorized'), `${publicKey.trim()}\n`),
    async restart() {
      await server.stop({ grace: 0 })
      server = await start()
    },
    async stop() {
      await server.stop({ grace: 0 })
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Root's sshd wants a user and a folder that may not be there. What it starts ends with it. */
const NAMESPACE = [
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  'sh',
  '-ec',
  'mount --bind "$0" /etc/passwd; mount -t tmpfs none /run; mkdir -m 755 /run/sshd; exec "$@"',
]

const COMMAND = `#!/bin/sh
printf '%s\\t%s\\t%s\\n' "$SSH_CONNECTION" "\${GIT_PROTOCOL-}" "$SSH_ORIGINAL_COMMAND" >>'LOG'
exec sh -c "$SSH_ORIGINAL_COMMAND"
`

function config(options: { dir: string; port: number; user: string; acceptProtocol: boolean }): string {
  const { dir, port, user, acceptProtocol } = options
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${dir}/host`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    `AllowUsers ${user}`,
    `AuthorizedKeysFile ${dir}/authorized`,
    `ForceCommand ${dir}/command.sh`,
    // The user's shell reads `~/.bashrc` for commands over SSH, whatever that may do or wait for.
    `SetEnv HOME=${dir} GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null`,
    ...(acceptProtocol ? ['AcceptEnv GIT_PROTOCOL'] : []),
    '',
  ].join('\n')
}

function parseCommand(line: string): RanCommand {
  const [connection = '', protocol = '', command = ''] = line.split('\t')
  return { connection, protocol, command }
}
