import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('ends and drift: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const begin = async (name: string, spec: object, objects: readonly string[] = ['settings']) => {
    const tenant = await world.tenant(name)
    for (const object of objects) await world.api.create(configMap(name, object))
    await tenant.sync({ spec })
    await tenant.ready()
    const paths = async (): Promise<string[]> =>
      (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n').filter((path) => path !== '')
    const gone = async (): Promise<boolean> => {
      try {
        await world.api.get(syncRef(name))
        return false
      } catch {
        return true
      }
    }
    const annotate = (annotation: string, value: string) =>
      world.api.patch(syncRef(name), { metadata: { annotations: { [`gitsync.dev/${annotation}`]: value } } })
    const tokenOf = async (reason: string, annotation: string): Promise<string> =>
      new RegExp(`${annotation}=(\\w+)`).exec((await tenant.reason(reason)).message)?.[1] ?? ''
    return { ...tenant, paths, gone, annotate, tokenOf, folder: `${name}/sync` }
  }

  test('prune Always: what nobody wants goes, also after a restart; what was claimed inside stays', async () => {
    const tenant = await begin('mirror', { prune: 'Always' })
    const { repository, paths, folder, namespace } = tenant
    await repository.commitFiles({
      [`${folder}/notes.md`]: 'x',
      [`${folder}/inner/.gitsync`]: 'cluster: another\n',
      [`${folder}/inner/file`]: 'x',
      'README.md': 'x',
    })
    await tenant.request()
    await waitFor('it is gone', async () => !(await paths()).includes(`${folder}/notes.md`))
    await world.operator.stop()
    await repository.commitFiles({
      [`${folder}/${namespace}/configmap/old.yaml`]:
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old, namespace: mirror}\n',
    })
    world.operator = await world.startOperator()
    await waitFor('it is gone', async () => !(await paths()).some((path) => path.endsWith('old.yaml')))
    expect(await paths()).toEqual([
      'README.md',
      `${folder}/.gitsync`,
      `${folder}/inner/.gitsync`,
      `${folder}/inner/file`,
      `${folder}/${namespace}/configmap/settings.yaml`,
    ])
  })

  test('deletionPolicy Remove: the GitSync goes when its files are gone, after an answer when they are many', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `page-${index}`)
    const { repository, paths, gone, folder, annotate, tokenOf, namespace } = await begin(
      'leaver',
      { deletionPolicy: 'Remove' },
      many,
    )
    await repository.commitFiles({ [`${folder}/notes.md`]: 'stays' })
    await world.api.delete(syncRef(namespace))
    const token = await tokenOf('MassDeletion', 'confirm-deletion')
    expect(await gone()).toBe(false)
    expect(await paths()).toHaveLength(14)
    await annotate('confirm-deletion', token)
    await waitFor('the GitSync is gone', gone)
    expect(await paths()).toEqual([`${folder}/notes.md`])
    expect(await repository.git('log', '-1', '--format=%s', 'main')).toBe(`Remove the files of ${namespace}/sync`)
    await repository.fsck()
  })

  test('a host that is away holds it back, and Keep lets it go', async () => {
    const { gone, paths, namespace } = await begin('stayer', { deletionPolicy: 'Remove' })
    const away = world.host.remote.faults.status(503, { times: Number.POSITIVE_INFINITY })
    try {
      await world.api.delete(syncRef(namespace))
      await waitFor('it waits', async () => {
        const object = await world.api.get(syncRef(namespace))
        return conditionOf(object, 'Ready')?.reason === 'Unreachable'
      })
      expect(await gone()).toBe(false)
      await world.api.patch(syncRef(namespace), { spec: { deletionPolicy: 'Keep' } })
      await waitFor('the GitSync is gone', gone)
    } finally {
      away.remove()
    }
    expect(await paths()).toHaveLength(2)
  })

  test('a Secret that is gone keeps nobody waiting: the files stay', async () => {
    const { gone, paths, namespace } = await begin('homeless', { deletionPolicy: 'Remove' })
    await world.api.delete({ apiVersion: 'v1', kind: 'Secret', namespace, name: 'git-credentials' })
    await world.operator.stop()
    await world.api.delete(syncRef(namespace))
    world.operator = await world.startOperator()
    await waitFor('the GitSync is gone', gone)
    expect(await paths()).toHaveLength(2)
  })

  test('a changed path leaves the old files, or with Remove takes them along, also when it was changed meanwhile', async () => {
    const keeper = await begin('keeper', {})
    await world.api.patch(syncRef('keeper'), { spec: { repository: { path: 'new' } } })
    await waitFor('the new folder', async () => (await keeper.paths()).includes('new/keeper/configmap/settings.yaml'))
    expect(await keeper.paths()).toHaveLength(4)
    const mover = await begin('mover', { deletionPolicy: 'Remove' })
    await world.api.patch(syncRef('mover'), { spec: { repository: { path: 'new' } } })
    await waitFor('the new folder', async () => (await mover.paths()).includes('new/mover/configmap/settings.yaml'))
    expect(await mover.paths()).toEqual(['new/.gitsync', 'new/mover/configmap/settings.yaml'])
    await mover.ready()
    await world.operator.stop()
    await world.api.patch(syncRef('mover'), { spec: { repository: { branch: 'other' } } })
    world.operator = await world.startOperator()
    await waitFor('the new branch', async () =>
      (await mover.repository.git('branch', '--format=%(refname:short)')).includes('other'),
    )
    await mover.ready()
    expect(await mover.paths()).toEqual([])
    await mover.repository.fsck()
  })

  test('onDrift: written over, adopted until the object changes, or refused until confirmed', async () => {
    const path = ({ folder, namespace }: { folder: string; namespace: string }) =>
      `${folder}/${namespace}/configmap/settings.yaml`
    const over = await begin('over', {})
    const adopt = await begin('adopt', { onDrift: 'Adopt' })
    const stall = await begin('stall', { onDrift: 'Stall' })
    const time = Math.floor(Date.now() / 1000) + 60
    for (const tenant of [over, adopt, stall]) {
      await tenant.repository.commitFiles({ [path(tenant)]: 'by hand\n' }, { time })
      await tenant.request()
    }
    const contentOf = (tenant: typeof over): Promise<string> => tenant.repository.git('show', `main:${path(tenant)}`)
    const driftOf = async ({ namespace }: typeof over): Promise<string> =>
      (await world.api.get(syncRef(namespace)))['status'].drift?.outcome ?? ''
    await waitFor('it is written over', async () => (await contentOf(over)).includes('kind: ConfigMap'))
    await waitFor('the status says so', async () => (await driftOf(over)) === 'Overwritten')
    await waitFor('it is adopted', async () => (await driftOf(adopt)) === 'Adopted')
    await adopt.ready()
    const token = await stall.tokenOf('Drifted', 'confirm-overwrite')
    for (const tenant of [adopt, stall]) expect(await contentOf(tenant)).toBe('by hand')
    await stall.annotate('confirm-overwrite', token)
    await stall.ready()
    expect(await contentOf(stall)).toContain('kind: ConfigMap')
    expect(await contentOf(adopt)).toBe('by hand')
  })

  test('a history that was rewritten stops the GitSync, with both tips, until it is accepted', async () => {
    const tenant = await begin('rewritten', {})
    const { repository, paths, annotate, tokenOf, namespace } = tenant
    const before = await repository.resolve('main')
    await repository.git('update-ref', '-d', 'refs/heads/main')
    const after = await repository.commitFiles({ README: 'squashed' })
    await tenant.request()
    const { message } = await tenant.reason('HistoryRewritten')
    expect(message).toContain(before)
    expect(message).toContain(after)
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { key: 'changed meanwhile' } })
    await world.operator.stop()
    world.operator = await world.startOperator()
    const token = await tokenOf('HistoryRewritten', 'accept-history')
    expect(await paths()).toEqual(['README'])
    await annotate('accept-history', token)
    await tenant.ready()
    expect(await paths()).toHaveLength(3)
    expect(await repository.git('show', `main:${namespace}/sync/${namespace}/configmap/settings.yaml`)).toContain(
      'changed meanwhile',
    )
  })
})
