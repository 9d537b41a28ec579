import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { KubeError } from './errors.ts'
import { readText } from './file-content.ts'

const optional = z.string().nullish()

const clusterSchema = z.looseObject({
  server: z.string(),
  'certificate-authority': optional,
  'certificate-authority-data': optional,
  'tls-server-name': optional,
  'insecure-skip-tls-verify': z.boolean().nullish(),
  'proxy-url': optional,
})

const execSchema = z.looseObject({
  apiVersion: z.string().default('client.authentication.k8s.io/v1'),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  installHint: optional,
  provideClusterInfo: z.boolean().nullish(),
})

const userSchema = z.looseObject({
  token: optional,
  tokenFile: optional,
  username: optional,
  password: optional,
  'client-certificate': optional,
  'client-certificate-data': optional,
  'client-key': optional,
  'client-key-data': optional,
  as: optional,
  'as-uid': optional,
  'as-groups': z.array(z.string()).nullish(),
  exec: execSchema.nullish(),
  'auth-provider': z.looseObject({ name: z.string(), config: z.record(z.string(), z.string()).nullish() }).nullish(),
})

const fileSchema = z.looseObject({
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })).nullish(),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).nullish(),
  contexts: z
    .array(
      z.object({
        name: z.string(),
        context: z.looseObject({ cluster: z.string(), user: z.string().default(''), namespace: optional }),
      }),
    )
    .nullish(),
  'current-context': optional,
})

export type KubeconfigCluster = z.infer<typeof clusterSchema>
export type KubeconfigUser = z.infer<typeof userSchema>
export type KubeconfigExec = z.infer<typeof execSchema>

/** What one context of a kubeconfig names; every path in it is absolute. */
export interface KubeconfigContext {
  readonly name: string
  readonly cluster: KubeconfigCluster
  readonly user: KubeconfigUser
  readonly namespace?: string
}

/** Names of contexts in a message. */
const SHOWN = 10

/**
 * Reads kubeconfig files and picks a context. Of equal names in several files the first wins, as with kubectl.
 * @param context default: the first `current-context`
 * @throws KubeError `Configuration`
 */
export async function readKubeconfig(paths: readonly string[], context?: string): Promise<KubeconfigContext> {
  const files = await Promise.all(paths.map(readOne))
  const where = paths.join(', ')
  const current = context ?? files.map((file) => file['current-context']).find((name) => name)
  if (!current)
    throw new KubeError('Configuration', `${where}: current-context is not set; run kubectl config use-context`)
  const find = <T extends { readonly name: string }>(
    lists: readonly (readonly T[] | null | undefined)[],
    name: string,
  ) => lists.flatMap((list) => list ?? []).find((entry) => entry.name === name)

  const contexts = files.map((f) => f.contexts)
  const chosen = find(contexts, current)?.context
  if (chosen === undefined) {
    const names = contexts.flatMap((list) => list ?? []).map(({ name }) => name)
    const hint =
      names.length === 0
        ? 'it has none: add one with kubectl config set-context'
        : `choose one of ${names.slice(0, SHOWN).join(', ')} with kubectl config use-context`
    throw new KubeError('Configuration', `${where}: there is no context named ${current}: ${hint}`)
  }
  const cluster = find(
    files.map((f) => f.clusters),
    chosen.cluster,
  )?.cluster
  if (cluster === undefined) {
    throw new KubeError(
      'Configuration',
      `${where}: context ${current} names cluster ${chosen.cluster}, which does not exist: add it with kubectl config set-cluster`,
    )
  }
  const user = find(
    files.map((f) => f.users),
    chosen.user,
  )
  if (user === undefined && chosen.user !== '') {
    throw new KubeError(
      'Configuration',
      `${where}: context ${current} names user ${chosen.user}, which does not exist: add it with kubectl config set-credentials`,
    )
  }
  return {
    name: current,
    cluster,
    user: user?.user ?? {},
    ...(chosen.namespace ? { namespace: chosen.namespace } : {}),
  }
}

async function readOne(path: string): Promise<z.infer<typeof fileSchema>> {
  const text = await readText(path, 'kubeconfig')
  let document: unknown
  try {
    document = parse(text)
  } catch {
    // The parser's message quotes the text around the fault, and that text may be a token.
    throw new KubeError(
      'Configuration',
      `kubeconfig: ${path} is not YAML: correct it, or make it anew with kubectl config view --raw --flatten`,
    )
  }
  const result = fileSchema.safeParse(document)
  if (!result.success) {
    const { path: at = [], message } = result.error.issues[0] ?? {}
    const where = at.length === 0 ? '' : `${at.join('.')}: `
    throw new KubeError('Configuration', `kubeconfig: ${path} is no kubeconfig: ${where}${message}`)
  }
  const base = dirname(resolve(path))
  for (const { cluster } of result.data.clusters ?? []) absolute(cluster, base, ['certificate-authority'])
  for (const { user } of result.data.users ?? []) {
    if (!user) continue
    absolute(user, base, ['tokenFile', 'client-certificate', 'client-key'])
    if (user.exec?.command.includes('/')) absolute(user.exec, base, ['command'])
  }
  return result.data
}

function absolute(entry: Record<string, unknown>, base: string, fields: readonly string[]): void {
  for (const field of fields) {
    const value = entry[field]
    if (typeof value === 'string' && value !== '') entry[field] = resolve(base, value)
  }
}
