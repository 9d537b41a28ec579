/** Versions of one dashboard become commits. */
import { expect, test } from 'vitest'
import { conditionOf } from '../gitsync.ts'
import { save, saveVersions } from './save.ts'
import type { Stage } from './stage.ts'

export function historyScenarios(stage: Stage): void {
  test('each version saved is a commit: its author, message and time; a new title is a rename', async () => {
    const { ada, grafana, world } = stage
    const tenant = await stage.follower('live')
    const { repository } = tenant
    await save(grafana, 'checkout', { title: 'Checkout', message: 'first', as: ada })
    await tenant.sync({ path: '.' })
    await tenant.ready()
    await tenant.follow('checkout')
    const object = await tenant.atVersion('checkout', 1)
    const path = 'dashboards/checkout.json'
    expect(object['status']).toMatchObject({
      path,
      title: 'Checkout',
      sourceUrl: `${grafana.url}/d/checkout`,
      oid: await repository.git('rev-parse', `main:${path}`),
    })
    await save(grafana, 'checkout', { title: 'Checkout', version: 1, as: ada, fields: { description: '5s' } })
    const fields = { description: '1m' }
    await save(grafana, 'checkout', { title: 'Checkout', version: 2, message: 'Slower', fields })
    const message = 'Named\n\nfor what it is'
    await save(grafana, 'checkout', { title: 'Checkout: latency', version: 3, message, fields })
    await tenant.request()
    await tenant.atVersion('checkout', 4)
    const now = 'dashboards/checkout-latency.json'
    expect(await tenant.files()).toEqual(['.gitsync', now])
    expect(await tenant.log(now)).toEqual([
      'admin: Named',
      'admin: Slower',
      'ada: Update Dashboard live/checkout',
      'ada: first',
    ])
    const { created } = await grafana.api('GET', '/api/dashboards/uid/checkout/versions/3')
    const saved = `${new Date(created).toISOString().slice(0, 19)}Z`
    const [subject, date, source] = await repository
      .git(
        'log',
        '-1',
        '--skip=1',
        '--date=format-local:%Y-%m-%dT%H:%M:%SZ',
        '--format=%s%n%ad%n%(trailers:key=Gitsync-Source,valueonly)',
        'main',
      )
      .then((text) => text.split('\n'))
    expect([subject, date, source]).toEqual(['Slower', saved, `${grafana.url}/d/checkout version 3 of ${saved}`])
    expect(JSON.parse(await repository.git('show', `main:${now}`))).toEqual(
      expect.not.objectContaining({ id: expect.anything(), version: expect.anything() }),
    )
    // Nothing new: nothing happens, neither to Git nor to the status.
    const tip = await repository.git('rev-parse', 'main')
    const before = await world.api.get(tenant.dashboard('checkout'))
    await tenant.look()
    expect(await repository.git('rev-parse', 'main')).toBe(tip)
    expect((await world.api.get(tenant.dashboard('checkout'))).metadata['resourceVersion']).toBe(
      before.metadata['resourceVersion'],
    )
  })

  test('the full history, and what was saved while no operator ran: no commit twice, none left out', async () => {
    const { grafana, world } = stage
    const tenant = await stage.follower('full')
    await saveVersions(grafana, 'full', 1, 5)
    await tenant.sync({ path: 'audit' })
    await tenant.follow('full', { history: 'Full' }, { path: 'grafana/full.json' })
    await tenant.atVersion('full', 5)
    const path = 'audit/grafana/full.json'
    const subjects = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${count - i}`)
    expect(await tenant.log(path, '%s')).toEqual(subjects(5))
    await stage.restart('kill', () => saveVersions(grafana, 'full', 6, 8))
    await tenant.atVersion('full', 8)
    expect(await tenant.log(path, '%s')).toEqual(subjects(8))
    // As when it was killed between the push and the status: Git alone says what it holds, also where content comes again.
    await save(grafana, 'full', { version: 8, message: 'v9', fields: { description: '7s' } })
    await stage.restart('kill', async () => {
      await save(grafana, 'full', { version: 9, message: 'v10', fields: { description: '8s' } })
      const of = `/apis/gitsync.dev/v1alpha1/namespaces/${tenant.namespace}/dashboards/full/status`
      const status = { sourceVersion: 6 }
      expect(await world.api.send('PATCH', of, { status }, 'application/merge-patch+json')).toMatchObject({ code: 200 })
    })
    await tenant.atVersion('full', 10)
    expect(await tenant.log(path, '%s')).toEqual(subjects(10))
  })

  test('versions that are gone are named, in the condition and in the commit after them', async () => {
    const { grafana } = stage
    const tenant = await stage.follower('pruned')
    await saveVersions(grafana, 'pruned', 1, 2)
    await tenant.sync({ path: '.' })
    await tenant.follow('pruned')
    await tenant.atVersion('pruned', 2)
    await saveVersions(grafana, 'pruned', 3, 8)
    await grafana.keepVersions('pruned', 3)
    await tenant.request()
    const object = await tenant.atVersion('pruned', 8)
    expect(conditionOf(object, 'Incomplete')).toMatchObject({
      reason: 'VersionsMissing',
      message: expect.stringContaining('versions 3 to 5 are not in Grafana any more'),
    })
    expect(await tenant.log('dashboards/pruned.json', '%s')).toEqual(['v8', 'v7', 'v6', 'v2'])
    expect(await tenant.repository.git('log', '-1', '--grep=^v6', '--format=%b', 'main')).toMatch(
      /^Gitsync-Missing: versions 3 to 5 are not in Grafana any more/m,
    )
  })
}
