import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedControlPlane } from './harness/control-plane.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { startOperator } from './harness/operator.ts'
import { createTenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('several writers: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  test('foreign pushes that win a race are kept outside the folder and written over inside, and history stays linear', async () => {
    const tenant = await world.tenant('races')
    const { repository, namespace } = tenant
    await repository.commitFiles({ 'README.md': 'ours\n', 'races/other/file': 'theirs\n' })
    for (const name of ['a', 'b', 'c']) await world.api.create(configMap(namespace, name, { value: '0' }))
    await tenant.sync()
    await tenant.ready()
    const foreign: string[] = []
    const intrude = world.host.remote.faults.beforeReceivePack(
      async () => {
        const n = foreign.length
        foreign.push(
          await repository.commitFiles({
            [`elsewhere/${n}.txt`]: `push ${n}\n`,
            'README.md': `theirs ${n}\n`,
            [`races/sync/races/configmap/${n % 2 === 0 ? 'b' : 'c'}.yaml`]: n % 2 === 0 ? `drift ${n}\n` : null,
          }),
        )
      },
      { times: 6, when: ({ path, method }) => method === 'POST' && path === `/${repository.name}/git-receive-pack` },
    )
    for (let round = 1; round <= 12; round++) {
      await world.api.patch(configMapRef(namespace, 'a'), { data: { value: String(round) } })
      await waitFor(`edit ${round} is in Git`, async () =>
        (await text(repository, 'races/sync/races/configmap/a.yaml')).includes(`value: "${round}"`),
      )
    }
    expect(intrude.fired).toBe(6)
    await waitFor('drift is written over', async () => {
      const b = await text(repository, 'races/sync/races/configmap/b.yaml')
      const c = await text(repository, 'races/sync/races/configmap/c.yaml')
      return b.includes('value: "0"') && c.includes('value: "0"')
    })
    for (const [n, commit] of foreign.entries()) {
      expect(await text(repository, `elsewhere/${n}.txt`)).toBe(`push ${n}\n`)
      await repository.git('merge-base', '--is-ancestor', commit, 'main')
    }
    expect(await text(repository, 'README.md')).toBe('theirs 5\n')
    expect(await text(repository, 'races/other/file')).toBe('theirs\n')
    await expectLinear(repository)
    await repository.fsck()
  })

  test('drift inside the folder is mended at the interval, and what was never ours stays', async () => {
    const tenant = await world.tenant('drift')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'kept'))
    await tenant.sync({ spec: { interval: '1s' } })
    await tenant.ready()
    const good = await text(repository, 'drift/sync/drift/configmap/kept.yaml')
    await repository.commitFiles({ 'drift/sync/drift/configmap/kept.yaml': null, 'drift/sync/notes.txt': 'by hand\n' })
    await waitFor(
      'the file is back',
      async () => (await text(repository, 'drift/sync/drift/configmap/kept.yaml')) === good,
    )
    expect(await text(repository, 'drift/sync/notes.txt')).toBe('by hand\n')
    expect(await repository.git('log', '-1', '--format=%B', 'main')).toContain('Gitsync-Compared: drift')
    await expectLinear(repository)
  })

  test('of two GitSyncs whose folders overlap the newer is refused, until the older is deleted', async () => {
    const tenant = await world.tenant('overlap')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'shared'))
    const older = await tenant.sync({ name: 'older', path: 'team' })
    await tenant.ready('older')
    await waitFor('a second later', () => Date.now() > Date.parse(older.metadata['creationTimestamp']) + 1_100)
    await tenant.sync({ name: 'newer', path: 'Team/below' })
    const { message } = await tenant.reason('PathOverlap', 'newer')
    expect(message).toContain('GitSync older')
    expect(message).toContain('choose another path')
    expect(conditionOf(await world.api.get(syncRef(namespace, 'newer')), 'Stalled')?.reason).toBe('PathOverlap')
    await world.api.patch(configMapRef(namespace, 'shared'), { data: { key: 'older goes on' } })
    await waitFor('the older goes on', async () =>
      (await text(repository, 'team/overlap/configmap/shared.yaml')).includes('older goes on'),
    )
    expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('Team/')

    await world.api.delete(syncRef(namespace, 'older'))
    await tenant.ready('newer')
    expect(await text(repository, 'Team/below/overlap/configmap/shared.yaml')).toContain('older goes on')
    expect(await text(repository, 'team/overlap/configmap/shared.yaml')).toContain('older goes on')
  })

  test('a tenant does not learn the names of another whose folder overlaps', async () => {
    const tenant = await world.tenant('overlap-one')
    const other = await world.tenant('overlap-two')
    const older = await tenant.sync({ name: 'private-name', path: 'both' })
    await tenant.ready('private-name')
    await waitFor('a second later', () => Date.now() > Date.parse(older.metadata['creationTimestamp']) + 1_100)
    await other.sync({ url: `${tenant.repository.url}/`, path: 'both' })
    const { message } = await other.reason('PathOverlap')
    expect(message).not.toContain('private-name')
    expect(message).not.toContain('overlap-one')
  })

  test('a folder that another cluster writes is refused until it is taken over', async () => {
    const tenant = await world.tenant('claimed')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'first'))
    await tenant.sync({ spec: { interval: '1s' } })
    await tenant.ready()
    const claim = await text(repository, 'claimed/sync/.gitsync')

    const second = await embeddedControlPlane()
    const operator = await startOperator({ kubeconfig: second.kubeconfig })
    try {
      const { host, credentials } = world.host
      const rival = await createTenant(second.api, namespace, { repository, host, credentials })
      await second.api.create(configMap(namespace, 'second'))
      await rival.sync()
      const { message } = await rival.reason('FolderClaimed')
      const [, owner] = /take-over=(\w+)/.exec(message) ?? []
      expect(owner).toBeDefined()
      expect(message).toContain('gitsync.dev/take-over')
      expect(await text(repository, 'claimed/sync/.gitsync')).toBe(claim)
      expect(await repository.git('ls-tree', '-r', '--name-only', 'main')).not.toContain('second.yaml')

      const wrong = { metadata: { annotations: { 'gitsync.dev/take-over': 'take-over=0123456789abcdef' } } }
      await second.api.patch(syncRef(namespace), wrong)
      await world.api.patch(configMapRef(namespace, 'first'), { data: { key: 'still the owner' } })
      await waitFor('the owner goes on', async () =>
        (await text(repository, 'claimed/sync/claimed/configmap/first.yaml')).includes('still the owner'),
      )
      await rival.reason('FolderClaimed')

      await second.api.patch(syncRef(namespace), {
        metadata: { annotations: { 'gitsync.dev/take-over': `take-over=${owner}` } },
      })
      await rival.ready()
      expect(await text(repository, 'claimed/sync/.gitsync')).not.toBe(claim)
      expect(await text(repository, 'claimed/sync/claimed/configmap/second.yaml')).toContain('key: second')
      await tenant.reason('FolderClaimed')
      await expectLinear(repository)
    } finally {
      await operator.stop()
      await second.stop()
    }
  })

  test('two operators on one cluster never make a second commit of the same change', async () => {
    const tenant = await world.tenant('twins')
    const { repository, namespace } = tenant
    await world.api.create(configMap(namespace, 'counter', { value: '0' }))
    await tenant.sync()
    await tenant.ready()
    const twin = await world.startOperator()
    try {
      await waitFor('the twin has compared', async () => (await twin.metric('gitsync_git_requests_total')) > 0)
      for (let round = 1; round <= 15; round++) {
        await world.api.patch(configMapRef(namespace, 'counter'), { data: { value: String(round) } })
        await waitFor(`edit ${round} is in Git`, async () =>
          (await text(repository, 'twins/sync/twins/configmap/counter.yaml')).includes(`value: "${round}"`),
        )
      }
      await world.api.patch(configMapRef(namespace, 'counter'), { data: { value: 'last' } })
      await waitFor('the last edit is in Git', async () =>
        (await text(repository, 'twins/sync/twins/configmap/counter.yaml')).includes('value: last'),
      )
    } finally {
      // An orderly end pushes what is pending: whatever one of them still meant to write is in Git then.
      await twin.stop()
    }
    const trees = (await repository.git('log', '--format=%T', 'main')).split('\n')
    expect(trees.filter((tree, i) => tree === trees[i + 1])).toEqual([])
    expect(trees.length).toBeGreaterThanOrEqual(1 + 16)
    await waitFor('the last edit is in Git', async () =>
      (await text(repository, 'twins/sync/twins/configmap/counter.yaml')).includes('value: last'),
    )
    await expectLinear(repository)
  })
})

async function text(repository: TestRepository, path: string): Promise<string> {
  return await repository.readFile('main', path).then(
    (bytes) => bytes.toString(),
    () => '',
  )
}

async function expectLinear(repository: TestRepository): Promise<void> {
  expect(await repository.git('rev-list', '--merges', '--count', 'main')).toBe('0')
}
