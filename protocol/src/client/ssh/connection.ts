import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import ssh2 from 'ssh2'
import type { AnyAuthMethod, Client, ConnectConfig, KexAlgorithm, ParsedKey, ServerHostKeyAlgorithm } from 'ssh2'
import { GitError } from '../../format/errors.ts'
import { readSshKey } from '../private-key.ts'
import { tooSilent } from './patience.ts'
import { originOf } from './address.ts'
import type { SshAddress } from './address.ts'
import { loadHostKeys } from './host-keys.ts'
import type { HostKeys } from './host-keys.ts'
import { loginError } from './login-error.ts'
import type { ResolvedSshOptions } from './options.ts'
import { remoteCommand } from './remote-command.ts'
import type { RemoteCommand } from './remote-command.ts'

/** RFC 4419: the other machine says with which numbers. All who have it have fixed groups (RFC 8268) or curves too. */
const GROUP_EXCHANGE: KexAlgorithm[] = ['diffie-hellman-group-exchange-sha256', 'diffie-hellman-group-exchange-sha1']

/** A connection that is logged in. */
interface Line {
  readonly client: Client
  readonly socket: Socket
  isLost: boolean
  /** Commands that it carries. */
  running: number
  /** Ends with the last of its commands. */
  isRetired: boolean
}

/** How long a command that was given up may take to end. The host still counts it; the next one goes another way. */
const ABANDON_MS = 5_000

/** How often a command is begun again that found no place, and how long it waits before, in milliseconds: twice as long each time. */
const OPENINGS = 6
const REOPEN_MS = 10

/** Silence after which TCP asks the other machine for a sign of life: unlike a timer here it keeps no process alive. */
const KEEP_ALIVE_MS = 30_000

/** How long a host may take to read what is left before the connection is cut. */
const HANG_UP_MS = 1_000

/** One connection to one host as one user, opened when it is needed, shared by all commands, closed when it is idle. */
export class SshConnection {
  readonly #address: SshAddress
  readonly #options: ResolvedSshOptions
  /** What takes new commands, or will. */
  #line: Promise<Line> | undefined
  /** The same once it is there. */
  #current: Line | undefined
  /** With those that take no more commands. */
  readonly #lines = new Set<Line>()
  #running = 0
  readonly #waiting: (() => void)[] = []
  #idle: NodeJS.Timeout | undefined
  /** Opened once: a passphrase takes a while, in which nothing else happens. */
  #key: ParsedKey | undefined

  constructor(address: SshAddress, options: ResolvedSshOptions) {
    this.#address = address
    this.#options = options
  }

  /**
   * Starts a command; waits while `maxChannels` are running.
   * @throws GitError `UntrustedHost`, `Unauthorized`, `Network`, `Timeout`, `InvalidInput`, `ServerError`
   */
  async run(command: string, env: Readonly<Record<string, string>>, signal: AbortSignal): Promise<RemoteCommand> {
    await this.#enter()
    try {
      signal.throwIfAborted()
      const { line, running } = await this.#open(command, env, signal)
      return this.#track(line, running)
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  /** Ends the connection and what runs over it. The next command opens another. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    await this.#line?.catch(() => undefined)
    await Promise.all([...this.#lines].map((line) => this.#hangUp(line)))
  }

  #track(line: Line, running: RemoteCommand): RemoteCommand {
    line.running++
    let isOver = false
    let timer: NodeJS.Timeout | undefined
    const over = (): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      line.running--
      if (line.isRetired && line.running === 0) line.socket.destroy()
      this.#leave()
    }
    void running.end.then(over)
    return {
      ...running,
      abandon: () => {
        if (isOver) return
        running.abandon()
        timer ??= setTimeout(() => {
          this.#retire(line)
          over()
        }, ABANDON_MS).unref()
      },
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#options.maxChannels) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
    clearTimeout(this.#idle)
  }

  /** Hands the place on, or lets the connection rest: idle it keeps no process alive. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next()
      return
    }
    this.#running--
    if (this.#running > 0) return
    for (const line of this.#lines) line.socket.unref()
    this.#idle = setTimeout(() => void this.close(), this.#options.idleTimeoutMs).unref()
  }

  async #open(
    command: string,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ line: Line; running: RemoteCommand }> {
    const isKept = this.#line !== undefined
    let line = await this.#connected()
    try {
      return { line, running: await this.#begin(line, command, env, signal) }
    } catch (error) {
      // The host may have closed a connection that was idle. Nothing has been asked of it yet.
      if (signal.aborted || !isKept || (line.socket.writable && !line.isLost)) throw error
    }
    this.#forget(line)
    line = await this.#connected()
    return { line, running: await this.#begin(line, command, env, signal) }
  }

  /** The host may count a command that has ended for a moment longer than is told here. */
  async #begin(
    line: Line,
    command: string,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RemoteCommand> {
    for (let opening = 1; ; opening++) {
      try {
        return await this.#exec(line, command, env, signal)
      } catch (error) {
        if (opening === OPENINGS || line.isLost || !isNotOpened(error)) throw error
      }
      await pause(REOPEN_MS * 2 ** (opening - 1), undefined, { signal })
    }
  }

  #exec(
    line: Line,
    command: string,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<RemoteCommand> {
    signal.throwIfAborted()
    line.socket.ref()
    const { timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const giveUp = (reason: unknown): void => {
        over()
        // The host may be gone, or count the command that it has not begun.
        this.#retire(line)
        reject(reason)
      }
      const onAbort = (): void => giveUp(signal.reason)
      const timer = setTimeout(() => giveUp(tooSilent(originOf(this.#address), timeoutMs)), timeoutMs)
      const over = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const fail = (cause: unknown): void => {
        over()
        const { host } = this.#address
        const what = `${host} runs no command over SSH: ${cause instanceof Error ? cause.message : String(cause)}`
        reject(new GitError('ServerError', what, { cause }))
      }
      try {
        line.client.exec(command, { env: { ...env } }, (error, channel) => {
          if (error !== undefined) {
            fail(error)
            return
          }
          over()
          // At once: what the command does may have come in the same packet as that it runs.
          if (!signal.aborted) resolve(remoteCommand(channel, () => line.isLost))
          else channel.close()
        })
      } catch (error) {
        fail(error)
      }
    })
  }

  #connected(): Promise<Line> {
    if (this.#line !== undefined) return this.#line
    const line = this.#connect()
    this.#line = line
    line.catch(() => {
      if (this.#line === line) this.#line = undefined
    })
    return line
  }

  /** It takes no more commands, and ends with the last of those that it carries. */
  #retire(line: Line): void {
    line.isRetired = true
    this.#forget(line)
    if (line.running === 0) line.socket.destroy()
  }

  /** The next command opens another. */
  #forget(line: Line): void {
    if (this.#current !== line) return
    this.#line = undefined
    this.#current = undefined
  }

  async #connect(): Promise<Line> {
    const address = this.#address
    const hostKeys = await loadHostKeys(address, this.#options)
    const { host, port } = address
    const key = (this.#key ??= this.#readKey())
    const client = new ssh2.Client()
    const { lookup } = this.#options
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
      ...(lookup === undefined ? {} : { lookup }),
    })
    const line: Line = { client, socket, isLost: false, running: 0, isRetired: false }
    const login = Promise.withResolvers<void>()
    let refusal: GitError | undefined
    const problems: string[] = []
    client.on('ready', login.resolve)
    client.on('error', (error: Error & { level?: string }) => {
      // An agent that does not answer leaves other ways to log in.
      if (error.level === 'agent') problems.push(`agent: ${error.message}`)
      else login.reject(refusal ?? loginError(address, this.#options, error, problems))
    })
    client.on('close', () => {
      line.isLost = true
      this.#lines.delete(line)
      this.#forget(line)
      login.reject(refusal ?? new GitError('Network', `${host} closed the SSH connection during the login`))
    })
    const verify = (key: Buffer): boolean => {
      refusal = hostKeys.refusal(key)
      return refusal === undefined
    }
    try {
      client.connect({ ...this.#config(hostKeys, key), sock: socket, hostVerifier: verify })
    } catch (cause) {
      // Nothing has been sent: a key or an agent that cannot be used.
      socket.destroy()
      const what = cause instanceof Error ? cause.message : String(cause)
      throw new GitError('InvalidInput', `ssh options for ${host}: ${what}`, { field: 'ssh.privateKey', cause })
    }
    try {
      await login.promise
    } catch (error) {
      socket.destroy()
      throw error
    }
    this.#lines.add(line)
    this.#current = line
    return line
  }

  #readKey(): ParsedKey | undefined {
    const { privateKey, passphrase } = this.#options
    if (privateKey === undefined) return undefined
    const key = readSshKey(ssh2, privateKey, passphrase)
    if (typeof key !== 'string') return key
    const what = `ssh options for ${this.#address.host}: Cannot parse privateKey: ${key}`
    throw new GitError('InvalidInput', what, { field: 'ssh.privateKey' })
  }

  #config(hostKeys: HostKeys, key: ParsedKey | undefined): ConnectConfig {
    const { agent, password, connectTimeoutMs, keepAliveMs } = this.#options
    const username = this.#address.user
    const methods: AnyAuthMethod[] = [
      ...(key === undefined ? [] : [{ type: 'publickey', username, key } as const]),
      ...(agent === undefined ? [] : [{ type: 'agent', username, agent } as const]),
      ...(password === undefined ? [] : [{ type: 'password', username, password } as const]),
    ]
    return {
      username,
      authHandler: methods.length === 0 ? [{ type: 'none', username }] : methods,
      readyTimeout: connectTimeoutMs,
      keepaliveInterval: keepAliveMs,
      algorithms: {
        serverHostKey: [...hostKeys.algorithms] as ServerHostKeyAlgorithm[],
        // Before anybody knows whether the host is the right one it would choose a number whose check takes minutes.
        kex: { remove: GROUP_EXCHANGE, append: [], prepend: [] },
      },
    }
  }

  async #hangUp(line: Line): Promise<void> {
    const gone = new Promise<void>((resolve) => line.client.once('close', () => resolve()))
    // Whoever comes from now on must not find it.
    line.isLost = true
    this.#forget(line)
    line.client.end()
    line.socket.destroySoon()
    const timer = setTimeout(() => line.socket.destroy(), HANG_UP_MS)
    await gone
    clearTimeout(timer)
  }
}

/** The channel for it was refused with a reason (RFC 4254, section 5.1): nothing of it has run. */
function isNotOpened(error: unknown): boolean {
  const { cause } = error instanceof GitError ? error : {}
  return cause instanceof Error && 'reason' in cause && typeof cause.reason === 'number'
}
