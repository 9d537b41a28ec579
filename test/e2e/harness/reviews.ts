import type { GiteaHost } from './git-host.ts'
import { configMap, configMapRef, syncRef } from './gitsync.ts'
import { waitFor } from './wait-for.ts'
import type { World } from './world.ts'

/** Tells the operator what its host is. */
export async function describeHost(world: World, type: string): Promise<void> {
  await world.api.create({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name: type.toLowerCase() },
    spec: { hosts: [world.host.host], type },
  })
}

/** What the status of a GitSync tells of its request. */
export interface ToldRequest {
  readonly number: number
  readonly url: string
  readonly state: string
}

/** A tenant with one ConfigMap `web`, whose changes are reviewed. */
export interface Reviewed {
  /** What the status says of the request, when that is so. */
  request(state: string, number?: number): Promise<ToldRequest>
  /** An edit of a ConfigMap, by alice. */
  set(name: string, value: string): Promise<void>
  /** Path of a ConfigMap's file. */
  file(name?: string, sync?: string): string
}

export async function reviewed(world: World, namespace: string): Promise<Reviewed> {
  await world.api.create(configMap(namespace, 'web', { level: '1' }))
  return {
    request: (state, number) =>
      waitFor(`the status says ${state}`, async () => {
        const { status } = await world.api.get(syncRef(namespace))
        const { pullRequest } = status ?? {}
        if (pullRequest?.state === state && (number === undefined || pullRequest.number === number)) return pullRequest
        throw new Error(JSON.stringify(status))
      }),
    async set(name, value) {
      await world.api.patch(configMapRef(namespace, name), { data: { level: value } }, { manager: 'alice' })
    },
    file: (name = 'web', sync = 'sync') => `${namespace}/${sync}/${namespace}/configmap/${name}.yaml`,
  }
}

export interface Pull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: string
  readonly merged: boolean
  readonly mergeable: boolean
  readonly head: { readonly sha: string }
  readonly labels: readonly { readonly name: string }[]
  readonly requested_reviewers: readonly { readonly login: string }[] | null
}

/** The requests of one repository, as people have them on Gitea's pages. */
export interface GiteaPulls {
  /** Newest first, whatever became of them. */
  list(): Promise<readonly Pull[]>
  merge(number: number, how?: 'merge' | 'squash' | 'rebase'): Promise<void>
}

/** Of a repository that begins with a file of others. */
export async function giteaPulls({ gitea }: GiteaHost, repository: string): Promise<GiteaPulls> {
  const path = `/repos/${gitea.user}/${repository}`
  const content = Buffer.from('hello\n').toString('base64')
  await gitea.api('POST', `${path}/contents/README.md`, { content, branch: 'main' })
  return {
    list: async () => (await gitea.api('GET', `${path}/pulls?state=all`)) as Pull[],
    async merge(number, how = 'merge') {
      await waitFor(`request ${number} can be merged`, async () => {
        await gitea.api('POST', `${path}/pulls/${number}/merge`, { Do: how })
        return true
      })
    },
  }
}

/** Kills the operator again and again while the ConfigMap `web` changes, and waits each time until what is proposed has the change. */
export async function proposeThroughKills(
  world: World,
  own: Reviewed,
  /** Content of the file as the one request has it; undefined while there is none. */
  proposed: () => Promise<string | undefined>,
): Promise<void> {
  for (let round = 2; round < 6; round++) {
    await own.set('web', String(round))
    // Later each time: before the push, while it is made, after it.
    if (round > 3) await waitFor('something has begun', async () => (await proposed()) !== undefined)
    await world.operator.kill()
    world.operator = await world.startOperator()
    await waitFor('the request has it', async () => (await proposed())?.includes(`level: "${round}"`) === true)
  }
}
