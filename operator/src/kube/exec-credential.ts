import { execFile } from 'node:child_process'
import { z } from 'zod'
import type { Clock } from '../time/clock.ts'
import type { Credential, CredentialSource } from './credential.ts'
import { KubeError } from './errors.ts'
import type { KubeconfigCluster, KubeconfigExec } from './kubeconfig.ts'

const answerSchema = z.object({
  status: z.object({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
})

/** A credential is renewed this long before it expires, in milliseconds. */
const EARLY_MS = 10_000
const TIMEOUT_MS = 60_000
const MAX_OUTPUT_BYTES = 1 << 20

/**
 * Credentials printed by a program: client.authentication.k8s.io ExecCredential, as kubectl runs it without a terminal.
 * The answer is kept until it expires or is invalidated.
 */
export function execCredential(
  exec: KubeconfigExec,
  cluster: KubeconfigCluster,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): CredentialSource {
  let held: { readonly credential: Promise<Credential>; expires: number } | undefined
  return {
    get() {
      if (held === undefined || clock.now() >= held.expires - EARLY_MS) {
        // Until the program answers, everybody waits for this one run.
        const fresh = { credential: start(), expires: Number.POSITIVE_INFINITY }
        held = fresh
      }
      return held.credential
    },
    invalidate() {
      held = undefined
      return true
    },
  }

  async function start(): Promise<Credential> {
    try {
      const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = await run()
      if (held !== undefined && expirationTimestamp !== undefined) held.expires = Date.parse(expirationTimestamp)
      return {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(cert !== undefined && key !== undefined ? { cert, key } : {}),
      }
    } catch (error) {
      held = undefined
      throw error
    }
  }

  async function run(): Promise<z.infer<typeof answerSchema>['status']> {
    const info = {
      apiVersion: exec.apiVersion,
      kind: 'ExecCredential',
      spec: { interactive: false, ...(exec.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}) },
    }
    const extra = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]))
    const options = {
      env: { ...env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    }
    const output = await new Promise<string>((resolve, reject) => {
      execFile(exec.command, exec.args ?? [], options, (error, stdout) => {
        if (error === null) return resolve(stdout)
        // Neither its output nor its arguments are repeated: both may hold secrets.
        const hint = exec.installHint ? ` (${exec.installHint})` : ''
        reject(
          new KubeError('Unauthorized', `credential program ${exec.command} failed: ${error.code ?? 'killed'}${hint}`),
        )
      })
    })
    const answer = answerSchema.safeParse(parseJson(output))
    if (answer.success) return answer.data.status
    throw new KubeError(
      'Unauthorized',
      `credential program ${exec.command} did not print an ExecCredential with a status`,
    )
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function clusterInfo(cluster: KubeconfigCluster): Record<string, unknown> {
  return {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'] ?? undefined,
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'] ?? undefined,
    'certificate-authority-data': cluster['certificate-authority-data'] ?? undefined,
    'proxy-url': cluster['proxy-url'] ?? undefined,
  }
}
