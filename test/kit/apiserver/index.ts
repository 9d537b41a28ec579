/**
 * An in-memory Kubernetes API server for tests and demos: real kubectl works on it, it starts in milliseconds, and it
 * fails on demand (`faults`).
 *
 * What it does not do, because only the real server's answer would prove anything: server-side apply and field
 * ownership (an apply patch gets 415; `managedFields` has one entry per manager, without fields), CEL validation and
 * admission policies and webhooks, schemas of builtin kinds (their unknown fields are kept), and every controller but
 * namespace contents, owner references, finalizers and CustomResourceDefinition clean-up.
 */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TokenUser } from './authenticate.ts'
import { createCluster } from './cluster.ts'
import { directAccess, type DirectAccess } from './direct.ts'
import type { Faults } from './faults.ts'
import { handle } from './handle.ts'
import { kubeconfig, type KubeconfigUser } from './kubeconfig.ts'
import type { RequestInfo } from './request.ts'

export type { TokenUser } from './authenticate.ts'
export type { DirectAccess, ObjectRef } from './direct.ts'
export type { Faults, Match } from './faults.ts'
export type { KubeconfigUser } from './kubeconfig.ts'
export type { KubeObject, ManagedFields, Metadata, OwnerReference } from './object.ts'
export type { DeleteOptions, WriteOptions } from './objects.ts'
export type { RequestInfo } from './request.ts'

export interface ApiServerOptions {
  /** TCP port on 127.0.0.1; default 0, a free one. */
  readonly port?: number
  /** CustomResourceDefinition objects to start with. */
  readonly crds?: readonly object[]
  /** Time of creationTimestamp and the like; default the system's. */
  readonly clock?: () => Date
  /** For generateName: a number in [0, 1); default Math.random. */
  readonly random?: () => number
  /** Who a bearer token stands for, others being refused; by default every token is its user's name. */
  readonly tokens?: Readonly<Record<string, TokenUser>>
  /** Milliseconds between bookmarks; default 1000, 0 for none. */
  readonly bookmarkInterval?: number
  /** Changes remembered per kind, after which a watch from before them gets 410; default 100,000. */
  readonly historyLimit?: number
}

export interface EmbeddedApiServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** A kubeconfig for a user, as YAML; by default for a member of system:masters. */
  kubeconfig(user?: KubeconfigUser): string
  writeKubeconfig(path: string, user?: KubeconfigUser): Promise<void>
  readonly faults: Faults
  /** The newest requests, oldest first; empty it to count anew. At most 100,000 are kept. */
  readonly requests: RequestInfo[]
  /** Direct reads and writes for tests. */
  readonly objects: DirectAccess
  /** How many watches are open. */
  readonly openWatches: number
  /** Version of the newest change. */
  readonly resourceVersion: string
  /** Lets the controllers do what is due now instead of in a moment. */
  settle(): void
  /** Ends watches and idle connections, waits up to 2 s for answers under way. Safe to call again. */
  stop(): Promise<void>
  /** Drops every connection at once, as a killed process does. */
  kill(): void
}

const MOST_REQUESTS = 100_000
/** Milliseconds that `stop` waits for answers under way. */
const STOP_GRACE = 2000

/** Starts a server. Rejects with the listen error when the port is taken. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<EmbeddedApiServer> {
  const { port = 0, bookmarkInterval = 1000, tokens } = options
  const cluster = createCluster({
    clock: options.clock ?? (() => new Date()),
    random: options.random ?? Math.random,
    historyLimit: options.historyLimit ?? 100_000,
    crds: options.crds ?? [],
    ...(tokens === undefined ? {} : { tokens }),
  })
  const requests: RequestInfo[] = []
  const record = (info: RequestInfo): void => {
    if (requests.length >= MOST_REQUESTS) requests.splice(0, MOST_REQUESTS / 10)
    requests.push(info)
  }
  const server = createServer({ keepAlive: true, requestTimeout: 0 }, (request, response) => {
    response.on('error', () => response.destroy())
    void handle(cluster, request, response, record)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const bookmarks = bookmarkInterval > 0 ? setInterval(() => cluster.watches.bookmark(), bookmarkInterval) : undefined
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    kubeconfig: (user) => kubeconfig(url, user),
    writeKubeconfig: (path, user) => writeFile(path, kubeconfig(url, user), { mode: 0o600 }),
    faults: cluster.faults.faults,
    requests,
    objects: directAccess(cluster),
    get openWatches() {
      return cluster.watches.size
    },
    get resourceVersion() {
      return String(cluster.store.version)
    },
    settle: () => cluster.controllers.settle(),
    async stop() {
      clearInterval(bookmarks)
      cluster.watches.drop(() => true)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const patience = setTimeout(() => server.closeAllConnections(), STOP_GRACE)
      await closed
      clearTimeout(patience)
    },
    kill() {
      clearInterval(bookmarks)
      server.close()
      server.closeAllConnections()
    },
  }
}
