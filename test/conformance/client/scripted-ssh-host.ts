import { createHash, generateKeyPairSync } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'
import ssh2 from 'ssh2'
import type { Connection, KexAlgorithm, ServerChannel } from 'ssh2'

export interface ScriptedSshHost {
  readonly port: number
  readonly fingerprint: string
  /** What was run, in its order. */
  readonly commands: string[]
  /** How many connections there have been. */
  readonly connections: number
  /** Cuts every connection. */
  cut(): void
  /** Reads nothing more, and leaves the connections open. */
  stall(): void
  [Symbol.asyncDispose](): Promise<void>
}

/** A host on loopback that does with a command what the script says, and lets in whoever knows the password; without one everybody. */
export async function scriptedSshHost(
  script: (channel: ServerChannel, command: string) => void,
  options: {
    readonly password?: string
    readonly isSilent?: () => boolean
    readonly kex?: readonly KexAlgorithm[]
  } = {},
): Promise<ScriptedSshHost> {
  const { privateKey: key } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw parsed
  const commands: string[] = []
  const connections = new Set<Connection>()
  let count = 0
  const { kex } = options
  const algorithms = kex === undefined ? {} : { algorithms: { kex: [...kex] } }
  const server = new ssh2.Server({ hostKeys: [key], ...algorithms }, (client) => {
    connections.add(client)
    count += 1
    client.on('error', () => undefined)
    client.on('close', () => connections.delete(client))
    client.on('authentication', (context) => {
      const { password } = options
      if (password === undefined || (context.method === 'password' && context.password === password)) context.accept()
      else context.reject(['password'])
    })
    client.on('session', (accept) => {
      if (options.isSilent?.() === true) return
      const session = accept()
      session.on('env', (allow) => allow?.())
      session.on('exec', (begin, _reject, { command }) => {
        commands.push(command)
        script(begin(), command)
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = (): Socket[] => [...connections].map((client) => (client as unknown as { _sock: Socket })._sock)
  const cut = (): void => {
    // The polite way would tell the channels first.
    for (const socket of sockets()) socket.destroy()
  }
  const stall = (): void => {
    for (const socket of sockets()) socket.pause()
  }
  return {
    port: (server.address() as AddressInfo).port,
    fingerprint: `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    commands,
    get connections() {
      return count
    },
    cut,
    stall,
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
