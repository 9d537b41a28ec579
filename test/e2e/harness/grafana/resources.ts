/** Dashboards as resources, in the schema that the Dashboard names. */
import { expect, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import type { Follower } from './follower.ts'
import { save } from './save.ts'
import { resourcePath, saveResource } from './save-resource.ts'
import type { Stage } from './stage.ts'

export function resourceScenarios(stage: Stage): void {
  test('schema V2: each version saved is a commit of its resource, by author, time and message; a restart repeats none', async () => {
    const { grafana, ada } = stage
    const tenant = await stage.follower('resources')
    await saveResource(grafana, 'dynamic', { title: 'Dynamic', message: 'first', as: ada })
    await saveResource(grafana, 'dynamic', { title: 'Dynamic: rows', message: 'second' })
    await saveResource(grafana, 'dynamic', { title: 'Dynamic: tabs', message: 'third', as: ada })
    await tenant.sync({ path: '.' })
    await tenant.ready()
    await tenant.follow('dynamic', { schema: 'V2', history: 'Full' })
    expect((await tenant.atVersion('dynamic', 3))['status']).toMatchObject({ title: 'Dynamic: tabs' })
    const path = 'dashboards/dynamic-tabs.json'
    expect(await tenant.files()).toEqual(['.gitsync', path])
    expect(await tenant.log(path)).toEqual(['ada: third', 'admin: second', 'ada: first'])
    const query = '?labelSelector=grafana.app/get-history=true&fieldSelector=metadata.name=dynamic'
    const { items } = await grafana.api('GET', resourcePath(query))
    expect(await tenant.log(path, '%at')).toEqual(items.map(({ metadata }: any) => secondsOf(metadata)))
    expect(JSON.parse(await tenant.repository.git('show', `main:${path}`))).toEqual({
      apiVersion: 'dashboard.grafana.app/v2',
      kind: 'Dashboard',
      metadata: { name: 'dynamic' },
      spec: items[0].spec,
    })
    // Neither what is there nor what is saved meanwhile comes twice.
    await stage.restart('kill', () => saveResource(grafana, 'dynamic', { title: 'Dynamic: both', message: 'fourth' }))
    await tenant.atVersion('dynamic', 4)
    await stage.restart('stop')
    await tenant.look()
    expect(await tenant.log('dashboards/dynamic-both.json')).toEqual([
      'admin: fourth',
      'ada: third',
      'admin: second',
      'ada: first',
    ])
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })

  test('schema V2: deleted in Grafana: its file goes; made again: it comes back', async () => {
    const { grafana } = stage
    const tenant = await stage.follower('resources-deleted')
    const title = 'Passing'
    await saveResource(grafana, 'passing', { title, message: 'first' })
    await tenant.sync({ path: '.' })
    await tenant.follow('passing', { schema: 'V2' })
    await tenant.atVersion('passing', 1)
    await grafana.api('DELETE', resourcePath('/passing'))
    await tenant.request()
    expect((await tenant.dashboardIs('passing', 'NotInGrafana')).message).toContain(
      'has no dashboard passing any more: its file goes',
    )
    await waitFor('the file is gone', async () => (await tenant.files()).join() === '.gitsync')
    await saveResource(grafana, 'passing', { title, message: 'again' })
    await tenant.request()
    await tenant.atVersion('passing', 1)
    expect(await tenant.files()).toEqual(['.gitsync', 'dashboards/passing.json'])
  })

  test('what is kept in schema v2 is not written in another one, and the message names the field', async () => {
    const { grafana } = stage
    const tenant = await stage.follower('resources-schema')
    await saveResource(grafana, 'kept', { title: 'Kept', message: 'first' })
    await tenant.sync({ path: '.' })
    await tenant.ready()
    await tenant.follow('kept', { schema: 'V1' })
    expect((await tenant.dashboardIs('kept', 'InvalidDashboard')).message).toContain(
      'it is not the dashboard: Grafana keeps that in v2, and could not convert it to v1',
    )
    // Not even the branch is there.
    expect(await tenant.repository.git('for-each-ref')).toBe('')
    await setSchema(stage, tenant, 'kept', 'V2')
    await tenant.atVersion('kept', 1)
    const show = (): Promise<string> => tenant.repository.git('show', 'main:dashboards/kept.json')
    const written = await show()
    await saveResource(grafana, 'kept', { title: 'Kept longer', message: 'second', as: stage.ada })
    await saveResource(grafana, 'kept', { title: 'Kept for long', message: 'third' })
    await setSchema(stage, tenant, 'kept', 'Classic')
    expect((await tenant.dashboardIs('kept', 'InvalidDashboard')).message).toContain(
      'spec.source.grafana.schema: Grafana keeps dashboard kept in schema v2, which Classic does not give; take V2',
    )
    expect(await show()).toBe(written)
    // Nothing of its history was lost meanwhile.
    await setSchema(stage, tenant, 'kept', 'V2')
    await tenant.atVersion('kept', 3)
    expect((await tenant.log('dashboards/kept-for-long.json')).slice(0, 2)).toEqual(['admin: third', 'ada: second'])
  })

  test('of many, one that is kept in schema v2 keeps no other waiting; another schema says all anew', async () => {
    const { grafana, world } = stage
    const tenant = await stage.follower('resources-many')
    await saveResource(grafana, 'modern', { title: 'Modern', message: 'first' })
    await save(grafana, 'beside', { title: 'Beside', fields: { tags: ['v2'] } })
    await tenant.sync({ path: '.' })
    await tenant.ready()
    await tenant.followAll('tagged', { tag: 'v2' }, ['beside'])
    const holds = (path: string): Promise<true> =>
      waitFor(`${path} is in Git`, async () => (await tenant.files()).includes(path) || undefined)
    await holds('dashboards/beside.json')
    const problem = await waitFor('what is kept in schema v2 is told', async () => {
      const { problems = [] } = (await world.api.get(tenant.dashboard('tagged')))['status'] ?? {}
      return problems.find(({ dashboard }: any) => dashboard === 'modern')
    })
    expect(problem).toMatchObject({
      reason: 'InvalidDashboard',
      message: expect.stringContaining('Grafana keeps dashboard modern in schema v2'),
    })
    await setSchema(stage, tenant, 'tagged', 'V2')
    await holds('dashboards/modern.json')
    await setSchema(stage, tenant, 'tagged', 'V1')
    await waitFor('the other one is a resource', async () =>
      (await tenant.repository.git('show', 'main:dashboards/beside.json')).includes('dashboard.grafana.app/v1'),
    )
    expect(await tenant.files()).toContain('dashboards/modern.json')
  })
}

/** Of a Grafana that has no resources. */
export function noResourceScenarios(stage: Stage): void {
  test('a schema that Grafana has no resources of is said, and removes nothing', async () => {
    const tenant = await stage.follower('no-resources')
    await save(stage.grafana, 'older')
    await tenant.sync({ path: '.' })
    await tenant.follow('older')
    await tenant.atVersion('older', 1)
    await setSchema(stage, tenant, 'older', 'V2')
    expect((await tenant.dashboardIs('older', 'InvalidSpec')).message).toMatch(
      /^spec\.source\.grafana\.schema: .* has no dashboards of dashboard\.grafana\.app\/v2 in namespace default/,
    )
    expect(await tenant.files()).toEqual(['.gitsync', 'dashboards/older.json'])
  })
}

const setSchema = ({ world }: Stage, tenant: Follower, name: string, schema: string): Promise<unknown> =>
  world.api.patch(tenant.dashboard(name), { spec: { source: { grafana: { schema } } } })

/** When a revision was saved. */
function secondsOf({ annotations, creationTimestamp }: any): string {
  const time = annotations['grafana.app/updatedTimestamp'] ?? creationTimestamp
  return String(Math.floor(Date.parse(time) / 1_000))
}
