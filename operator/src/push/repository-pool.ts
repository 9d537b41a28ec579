import { createHash } from 'node:crypto'
import { openRepository, undiciTransport } from '@gitsync/protocol'
import type { Credentials, RepositoryOptions, RequestRecord, SshLookup, SshOptions, Transport } from '@gitsync/protocol'
import type { Dispatcher } from 'undici'
import type { ApiRequestRecord } from '../forge/api-client.ts'
import type { Forge } from '../forge/forge.ts'
import { openForge } from '../forge/open-forge.ts'
import type { Permit } from '../forge/permit.ts'
import { placeOf } from '../forge/place.ts'
import { repositoryAddress } from '../plan/repository-address.ts'
import type { Clock } from '../time/clock.ts'
import type { Budget } from './budget/budget.ts'
import type { Budgets } from './budget/budgets.ts'
import { limitedTransport } from './budget/limited-transport.ts'
import { NO_LIMITS } from './budget/limits.ts'
import type { BudgetLimits } from './budget/limits.ts'
import type { Connection, Reader } from './connection.ts'
import type { SshLogin } from './credentials.ts'
import { AppTokens } from './github-app.ts'
import type { GitHubApp } from './github-app-keys.ts'
import { guardedDispatcher } from './guarded-dispatcher.ts'
import { guardedLookup } from './host-guard.ts'
import type { HostPolicy } from './host-guard.ts'
import { ReadAllowance } from './read-allowance.ts'

export interface ConnectOptions {
  readonly url: string
  /** For http and https. */
  readonly auth: Credentials | undefined
  /** Instead of `auth`. */
  readonly githubApp?: GitHubApp | undefined
  /** For SSH. */
  readonly ssh?: SshLogin | undefined
  /** PEM of certificate and private key, for hosts that ask for one. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined
  readonly policy: HostPolicy
  /** PEM of certificate authorities to trust. */
  readonly ca: string | undefined
  /** Default: none. */
  readonly limits?: BudgetLimits
}

export interface RepositoryPoolOptions {
  readonly userAgent: string
  readonly clock: Clock
  /** Default: nothing is limited. */
  readonly budgets?: Budgets
  readonly onRequest?: (host: string, record: RequestRecord) => void
  /** Told of requests to the APIs of hosts. */
  readonly onApiRequest?: ((host: string, record: ApiRequestRecord) => void) | undefined
}

/** A request is given up after so long without a byte, in milliseconds. */
const SILENCE_MS = 30_000
/** What nobody uses any more is kept for so long, in milliseconds: a push that is under way ends with it. */
const UNUSED_MS = 60_000

/** What is shown to people is small; a page asks for little of it. */
const READER_LIMITS = {
  maxObjectBytes: 16 << 20,
  maxResponseBytes: 128 << 20,
  maxHeldBytes: 96 << 20,
  maxEntries: 400_000,
}

/** The sockets of all repositories whose hosts trust and allow the same. */
interface Shared {
  readonly dispatcher: Dispatcher
  readonly transport: Transport
  readonly users: Set<Connection>
  cancelDrop?: (() => void) | undefined
}

/** Opens repositories; connections to hosts are shared by all that trust and allow the same. */
export class RepositoryPool {
  readonly #options: RepositoryPoolOptions
  readonly #apps: AppTokens
  readonly #shared = new Map<string, Shared>()
  /** One for each host and credential, whatever the repository. */
  readonly #allowances = new WeakMap<Budget, ReadAllowance>()

  constructor(options: RepositoryPoolOptions) {
    this.#options = options
    const { clock, userAgent } = options
    this.#apps = new AppTokens({ now: () => clock.now(), userAgent })
  }

  /** The connection that is open already when nothing has changed, so that what it has learned is kept; else it is released. */
  connect(options: ConnectOptions, current: Connection | undefined): Connection {
    const key = fingerprint(options)
    const { userAgent, onRequest, onApiRequest, budgets } = this.#options
    const { host, isSsh } = repositoryAddress(options.url)
    const { limits = NO_LIMITS } = options
    if (current?.key === key) {
      if (current.budget !== undefined) budgets?.keep(current.budget, limits, current)
      return current
    }
    const shared = this.#share(options)
    const budget = budgets?.of(host, credentialOf(options))
    const { githubApp } = options
    const auth = githubApp === undefined ? options.auth : this.#apps.auth(githubApp, shared.dispatcher)
    const transport = budget === undefined ? shared.transport : limitedTransport(shared.transport, budget, options.url)
    const common: RepositoryOptions = {
      ...(isSsh ? { ssh: sshOptions(options) } : { auth }),
      transport,
      userAgent,
      // Tries, and requests in all, are counted by whoever writes the branch. A redirect could lead past the host's policy.
      retry: false,
      limits: { maxRedirects: 0 },
      // A branch that many share has many folders beside one's own: requests by level cost less than their trees.
      oneFetchBytes: 96 << 10,
      onRequest: (record) => {
        // Over SSH a request cannot be asked about before.
        if (isSsh) budget?.told(record.error === 'Network' || record.error === 'Timeout' ? record.error : undefined)
        onRequest?.(host, record)
      },
    }
    const repository = openRepository(options.url, common)
    const api = {
      dispatcher: shared.dispatcher,
      auth,
      userAgent,
      now: () => this.#options.clock.now(),
      pay: budget && ((signal: AbortSignal): Promise<Permit> => budget.enter({ repository: options.url, signal })),
      onRequest: onApiRequest && ((record: ApiRequestRecord) => onApiRequest(host, record)),
    }
    const forge = (type: string | undefined): Forge => openForge(placeOf(options.url, type), api)
    const reader = (): Reader => {
      const allowance = this.#allowanceOf(budget)
      const onRequest = (record: RequestRecord): void => {
        // The others are counted before they are sent.
        if (isSsh) allowance.told()
        common.onRequest?.(record)
      }
      const limits = { ...common.limits, ...READER_LIMITS }
      const counted = { ...common, transport: allowance.transport(transport), onRequest, limits }
      return { repository: openRepository(options.url, counted), allowance }
    }
    const connection = { key, repository, forge, reader: once(reader), ...(budget === undefined ? {} : { budget }) }
    shared.users.add(connection)
    if (budget !== undefined) budgets?.keep(budget, limits, connection)
    this.release(current)
    return connection
  }

  /** The connection is not used from here on, but to end what is under way. */
  release(connection: Connection | undefined): void {
    if (connection === undefined) return
    if (connection.budget !== undefined) this.#options.budgets?.release(connection.budget, connection)
    for (const [key, shared] of this.#shared) {
      if (!shared.users.delete(connection) || shared.users.size > 0) continue
      shared.cancelDrop = this.#options.clock.after(UNUSED_MS, () => {
        this.#shared.delete(key)
        void shared.dispatcher.close()
      })
    }
  }

  /** Ends every connection at once: whoever wants an answer has waited for it before. */
  async close(): Promise<void> {
    const all = [...this.#shared.values()]
    this.#shared.clear()
    for (const { cancelDrop } of all) cancelDrop?.()
    await Promise.all(all.map(({ dispatcher }) => dispatcher.destroy()))
  }

  #allowanceOf(budget: Budget | undefined): ReadAllowance {
    const { clock } = this.#options
    if (budget === undefined) return new ReadAllowance(clock)
    const known = this.#allowances.get(budget) ?? new ReadAllowance(clock, budget)
    this.#allowances.set(budget, known)
    return known
  }

  #share({ policy, ca, clientCertificate }: ConnectOptions): Shared {
    const key = digest([policy.allowPrivateAddresses, policy.proxy, ca, clientCertificate])
    let shared = this.#shared.get(key)
    if (shared === undefined) {
      const dispatcher = guardedDispatcher({ policy, ca, clientCertificate, timeoutMs: SILENCE_MS })
      shared = { dispatcher, transport: undiciTransport({ dispatcher }), users: new Set() }
      this.#shared.set(key, shared)
    }
    shared.cancelDrop?.()
    shared.cancelDrop = undefined
    return shared
  }
}

/** Stands for the credentials with which a host counts requests, and tells nothing about them. */
function credentialOf({ auth, githubApp, ssh, clientCertificate }: ConnectOptions): string {
  const app = githubApp && [githubApp.apiUrl, githubApp.appId, githubApp.installationId]
  return digest([auth, app, ssh?.privateKey, clientCertificate])
}

function sshOptions({ ssh, policy }: ConnectOptions): SshOptions {
  const lookup: SshLookup = (hostname, options, callback) => guardedLookup(policy)(hostname, options, callback)
  return {
    lookup,
    timeoutMs: SILENCE_MS,
    // Nothing of this machine: neither files of known hosts nor an agent.
    knownHosts: ssh?.knownHosts ?? '',
    ...(ssh === undefined ? {} : { privateKey: ssh.privateKey }),
    ...(ssh?.passphrase === undefined ? {} : { passphrase: ssh.passphrase }),
  }
}

/** Tells connections apart without holding their secrets. */
function fingerprint({ githubApp, limits: _limits, ...options }: ConnectOptions): string {
  const key = githubApp?.privateKey.export({ format: 'pem', type: 'pkcs8' })
  return digest([githubApp && { ...githubApp, privateKey: key }, options])
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** Made when it is wanted, and then kept. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
