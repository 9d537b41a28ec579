import { withRepository } from '@gitsync/protocol/cli'
import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import { SECRETS } from '../../controllers/known-resources.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { GitHubApp } from '../../push/github-app-keys.ts'
import type { GuardedDispatcherOptions } from '../../push/guarded-dispatcher.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { systemClock } from '../../time/clock.ts'
import { VERSION } from '../../version.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Resolved } from '../common/wanted.ts'
import type { Notes } from '../common/notes.ts'

const USER_AGENT = `git/kubectl-gitsync-${VERSION}`

/** Flags that say who the user is to the Git host. */
const LOGIN = ['user', 'token', 'bearer', 'cert', 'key'] as const

/**
 * Runs work on a GitSync's repository: as the command line says; else with its Secret, where this user may read that; else
 * with `GITSYNC_TOKEN` and git's credential helpers.
 * @throws GitError, PushFailure, KubeError
 */
export async function withGit<T>(
  { client }: Pick<Cluster, 'client'>,
  { gitsync: { metadata, spec }, run: { provider } }: Pick<Resolved, 'gitsync' | 'run'>,
  { flags, io, notes }: { readonly flags: ConnectionFlags; readonly io: Io; readonly notes: Notes },
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { url, secretRef } = spec.repository
  const inherited = new Set(flags.inherited)
  const isOwn = LOGIN.some((name) => flags[name] !== undefined && !inherited.has(name))
  const secret =
    secretRef === undefined || isOwn ? undefined : await readSecret(client, metadata.namespace, secretRef.name, notes)
  if (secret === undefined) return await withRepository(url, flags, io, work)
  notes(`Git is read with Secret ${metadata.namespace}/${secretRef?.name}`)
  const { credentialsFor } = await import('../../push/credentials.ts')
  const { auth, githubApp, ssh, clientCertificate, ca } = credentialsFor(url, secret)
  const authorities = [provider?.spec.caBundle, ca].filter((pem) => pem !== undefined)
  const trust = { ca: authorities.length === 0 ? undefined : authorities.join('\n'), clientCertificate }
  const app = githubApp === undefined ? undefined : await appLogin(githubApp, trust)
  const login = app?.auth ?? auth
  try {
    return await withRepository(repositoryAddress(url).url, withoutLogin(flags), io, work, {
      userAgent: USER_AGENT,
      ...trust,
      ...(login === undefined ? {} : { auth: login }),
      ...(ssh === undefined ? {} : { ssh }),
    })
  } finally {
    await app?.close()
  }
}

/** The Secret counts, and not what the environment says of other repositories. */
const withoutLogin = (flags: ConnectionFlags): ConnectionFlags =>
  Object.fromEntries(Object.entries(flags).filter(([name]) => !LOGIN.some((login) => login === name)))

async function appLogin(githubApp: GitHubApp, trust: Pick<GuardedDispatcherOptions, 'ca' | 'clientCertificate'>) {
  const [{ AppTokens }, { guardedDispatcher }] = await Promise.all([
    import('../../push/github-app.ts'),
    import('../../push/guarded-dispatcher.ts'),
  ])
  // The guard keeps tenants from the operator's network; here the network is the user's own.
  const policy = { allowPrivateAddresses: true, allowPlainHttp: true }
  const dispatcher = guardedDispatcher({ policy, ...trust })
  const tokens = new AppTokens({ now: () => systemClock.now(), userAgent: USER_AGENT })
  return { auth: tokens.auth(githubApp, dispatcher), close: () => dispatcher.close() }
}

async function readSecret(
  client: Cluster['client'],
  namespace: string | undefined,
  name: string,
  notes: Notes,
): Promise<KubernetesObject | undefined> {
  const instead = "--token, GITSYNC_TOKEN or git's credential helpers are used instead"
  try {
    return await client.get(SECRETS, namespace, name)
  } catch (error) {
    if (isKubeError(error, 'Forbidden')) notes(`you may not read Secret ${namespace}/${name}: ${instead}`)
    else if (isKubeError(error, 'NotFound')) notes(`there is no Secret ${namespace}/${name}: ${instead}`)
    else throw error
    return undefined
  }
}
