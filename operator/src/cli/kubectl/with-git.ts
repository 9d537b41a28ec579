import { describeRequest, withRepository } from '@gitsync/protocol/cli'
import type { ConnectionFlags, Io } from '@gitsync/protocol/cli'
import type { Repository } from '@gitsync/protocol'
import { SECRETS } from '../../controllers/known-resources.ts'
import { isKubeError } from '../../kube/errors.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { systemClock } from '../../time/clock.ts'
import { VERSION } from '../../version.ts'
import type { Cluster } from '../common/cluster.ts'
import type { Resolved } from '../common/wanted.ts'
import type { Notes } from '../common/notes.ts'

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
  const [{ credentialsFor }, { RepositoryPool }] = await Promise.all([
    import('../../push/credentials.ts'),
    import('../../push/repository-pool.ts'),
  ])
  const { auth, ca, ...login } = credentialsFor(url, secret)
  const pool = new RepositoryPool({
    clock: systemClock,
    userAgent: `git/kubectl-gitsync-${VERSION}`,
    onRequest: (_host, record) => {
      if (flags.verbose === true) io.stderr.write(`${describeRequest(record)}\n`)
    },
  })
  try {
    // The guard keeps tenants from the operator's network; here the network is the user's own.
    const policy = { allowPrivateAddresses: true, allowPlainHttp: true }
    const authorities = [provider?.spec.caBundle, ca].filter((pem) => pem !== undefined)
    const trusted = authorities.length === 0 ? undefined : authorities.join('\n')
    const address = repositoryAddress(url).url
    return await work(pool.connect({ url: address, policy, auth, ca: trusted, ...login }, undefined).repository)
  } finally {
    await pool.close()
  }
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
