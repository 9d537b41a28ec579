import PQueue from 'p-queue'
import type { GrafanaSource } from '../../api/dashboard.ts'
import type { Grafana } from '../../grafana/grafana.ts'
import type { GrafanaPool } from '../../grafana/grafana-pool.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { apiCredentialsFor } from '../../push/credentials.ts'
import { PushFailure } from '../../push/failure.ts'
import { askWhatIsAllowed } from '../allowed-host.ts'
import type { Environment } from '../environment.ts'
import { SECRETS } from '../known-resources.ts'

/** What was found out about a Secret and a host counts for so long, in milliseconds. */
const FRESH_MS = 30_000
/** A Grafana is asked by so many Dashboards of one namespace at once. */
const AT_ONCE = 4

/** Who wants to read a Grafana. */
export interface GrafanaReader {
  /** Of the Dashboard. */
  readonly namespace: string
  /** namespace/name of its GitSync. */
  readonly sync: string
}

/** Where, who logs in how, and what is asked for there. */
export type GrafanaAddress = Pick<GrafanaSource, 'url' | 'secretRef' | 'schema'>

const RESOURCES = { Classic: undefined, V1: 'v1', V2: 'v2' } as const

type Parts = Pick<
  Environment,
  'client' | 'clock' | 'providers' | 'invalidProviders' | 'allowPrivateHosts' | 'labelled' | 'rolesOnly'
>

interface Answer {
  readonly at: number
  readonly grafana: Promise<Grafana>
}

/** Opens Grafanas for those who may: with the login of a Secret that consents, at hosts that the platform team allows. */
export class GrafanaAccess {
  /** By namespace and host: a Grafana that does not answer keeps nobody else waiting. */
  readonly #queues = new Map<string, PQueue>()
  readonly #pool: GrafanaPool
  readonly #answers = new Map<string, Answer>()

  /** As `Math.random`. */
  readonly random: () => number

  constructor({ pool, random }: { readonly pool: GrafanaPool; readonly random: () => number }) {
    this.#pool = pool
    this.random = random
  }

  /**
   * @throws PushFailure `SecretNotFound`, `SecretNotConsenting`, `InvalidSecret`, `HostNotAllowed`; KubeError when the API
   * server does not answer
   */
  async open(parts: Parts, reader: GrafanaReader, source: GrafanaAddress): Promise<Grafana> {
    const now = parts.clock.now()
    const key = keyOf(reader, source)
    const known = this.#answers.get(key)
    if (known !== undefined && known.at + FRESH_MS > now) return await known.grafana
    for (const [other, { at }] of this.#answers) if (at + FRESH_MS <= now) this.#answers.delete(other)
    const grafana = this.#open(parts, reader, source)
    this.#answers.set(key, { at: now, grafana })
    try {
      return await grafana
    } catch (error) {
      this.#answers.delete(key)
      throw error
    }
  }

  /** Runs one piece of work for a Dashboard of a namespace when it is its turn at a host. */
  enqueue({ namespace }: Pick<GrafanaReader, 'namespace'>, host: string, work: () => Promise<void>): void {
    const key = `${namespace} ${host}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = new PQueue({ concurrency: AT_ONCE })
      queue.addEventListener('idle', () => this.#queues.delete(key))
      this.#queues.set(key, queue)
    }
    void queue.add(work)
  }

  /** What was found out may be old: the login was refused. */
  doubt(reader: GrafanaReader, source: GrafanaAddress): void {
    this.#answers.delete(keyOf(reader, source))
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.clear()
    await this.#pool.close()
  }

  async #open(parts: Parts, { namespace, sync }: GrafanaReader, source: GrafanaAddress): Promise<Grafana> {
    const { url, secretRef, schema } = source
    const { host } = repositoryAddress(url)
    const allowed = await askWhatIsAllowed(parts, {
      url,
      namespace,
      hasCredentials: true,
      asker: sync,
      question: `host ${host}`,
    })
    if (allowed.policy === undefined)
      throw new PushFailure(allowed.problem.reason, `spec.source.grafana.url: ${allowed.problem.message}`)
    const secret = await readSecret(parts, namespace, secretRef.name)
    const { auth, ca: ownCa, clientCertificate } = credentialsOf(url, secret)
    const authorities = [allowed.provider?.spec.caBundle, ownCa].filter((pem) => pem !== undefined).join('\n')
    const ca = authorities === '' ? undefined : authorities
    return this.#pool.open({ url, auth, schema: RESOURCES[schema], policy: allowed.policy, ca, clientCertificate })
  }
}

const keyOf = ({ namespace, sync }: GrafanaReader, { url, secretRef, schema }: GrafanaAddress): string =>
  JSON.stringify([namespace, sync, url, secretRef.name, schema])

async function readSecret({ client }: Parts, namespace: string, name: string): Promise<KubernetesObject> {
  try {
    return await client.get(SECRETS, namespace, name)
  } catch (error) {
    if (!isKubeError(error, 'NotFound')) throw error
    throw new PushFailure(
      'SecretNotFound',
      `spec.source.grafana.secretRef: Secret ${name} does not exist in namespace ${namespace}`,
    )
  }
}

function credentialsOf(url: string, secret: KubernetesObject): ReturnType<typeof apiCredentialsFor> {
  try {
    return apiCredentialsFor(url, secret)
  } catch (error) {
    if (!(error instanceof PushFailure)) throw error
    throw new PushFailure(error.reason, `spec.source.grafana.secretRef: ${error.message}`)
  }
}
