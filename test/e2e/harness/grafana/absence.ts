/** A dashboard that is not there, and one that may not be read. */
import { expect, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { save, saveVersions } from './save.ts'
import type { Stage } from './stage.ts'

export function absenceScenarios(stage: Stage): void {
  test('deleted in Grafana: its file goes; made again: it comes back', async () => {
    const { grafana } = stage
    const remove = (): Promise<unknown> => grafana.api('DELETE', '/api/dashboards/uid/going')
    const tenant = await stage.follower('deleted')
    await saveVersions(grafana, 'going', 1, 2)
    await tenant.sync({ path: '.' })
    await tenant.follow('going')
    await tenant.atVersion('going', 2)
    await remove()
    await tenant.request()
    expect((await tenant.dashboardIs('going', 'NotInGrafana')).message).toContain(
      'has no dashboard going any more: its file goes',
    )
    await tenant.committed(/^Delete Dashboard deleted\/going$/m)
    expect(await tenant.files()).toEqual(['.gitsync'])
    await save(grafana, 'going', { message: 'again', fields: { description: '9s' } })
    await tenant.request()
    await tenant.atVersion('going', 1)
    expect(await tenant.files()).toEqual(['.gitsync', 'dashboards/going.json'])
    // Gone while no operator ran.
    await stage.restart('stop', remove)
    await tenant.dashboardIs('going', 'NotInGrafana')
    await waitFor('the file is gone', async () => (await tenant.files()).join() === '.gitsync')
  })

  test('who may not read, and what is not there, is said; nothing is deleted on such a word', async () => {
    const { grafana, world } = stage
    const viewer = await grafana.serviceAccount('viewer', 'Viewer')
    const tenant = await stage.follower('refused')
    const { namespace } = tenant
    await save(grafana, 'guarded')
    await tenant.sync({ path: '.' })
    await tenant.follow('guarded')
    await tenant.atVersion('guarded', 1)
    const login = (value: string): Promise<unknown> =>
      world.api.patch(
        { apiVersion: 'v1', kind: 'Secret', namespace, name: 'grafana' },
        { data: { token: Buffer.from(value).toString('base64') } },
      )
    const message = async (name: string, reason: string): Promise<string> =>
      (await tenant.dashboardIs(name, reason)).message
    await login(viewer.token)
    await stage.restart('stop')
    expect(await message('guarded', 'GrafanaRefused')).toMatch(/answered 403: .*dashboards:write/)
    await login('glsa_wrong')
    await tenant.look()
    await waitFor('the message says 401', async () =>
      (await message('guarded', 'GrafanaRefused')).includes('answered 401'),
    )
    expect(await message('guarded', 'GrafanaRefused')).not.toContain('glsa_wrong')
    expect(await tenant.files()).toContain('dashboards/guarded.json')
    expect((await tenant.ready())['status']).toMatchObject({ orphans: 0 })
    await login(stage.token)
    await tenant.request()
    await tenant.atVersion('guarded', 1)

    await tenant.follow('nowhere')
    const source = (fields: object): Promise<unknown> =>
      world.api.patch(tenant.dashboard('nowhere'), { spec: { source: { grafana: fields } } })
    expect(await message('nowhere', 'NotInGrafana')).toContain('has no dashboard nowhere, or does not')
    await source({ secretRef: { name: 'none' } })
    expect(await message('nowhere', 'SecretNotFound')).toContain('spec.source.grafana.secretRef: Secret none')
    await source({ secretRef: { name: 'grafana' }, url: 'http://127.0.0.1:9' })
    expect(await message('nowhere', 'GrafanaUnavailable')).toContain('127.0.0.1:9')
    await source({ url: 'http://localhost:9' })
    expect(await message('nowhere', 'SecretNotConsenting')).toContain('does not name localhost:9')
    expect(await tenant.files()).toEqual(['.gitsync', 'dashboards/guarded.json'])
  })
}
