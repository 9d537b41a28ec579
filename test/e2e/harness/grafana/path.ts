/** The file of a dashboard: whose content it has, and where it is. */
import { expect, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { saveVersion } from './save.ts'
import type { Stage } from './stage.ts'

export function pathScenarios(stage: Stage): void {
  test('edits in Git are written over, and another path moves the file', async () => {
    const { grafana, world } = stage
    const tenant = await stage.follower('drift')
    const show = (): Promise<string> => tenant.repository.git('show', 'main:dashboards/moved.json')
    await saveVersion(grafana, 'moved', 1)
    await tenant.sync({ path: '.' })
    await tenant.follow('moved')
    await tenant.atVersion('moved', 1)
    const before = await show()
    await tenant.repository.commitFiles({ 'dashboards/moved.json': '{"title": "edited in Git"}\n' })
    await tenant.request()
    await waitFor('the edit is written over', async () => (await show()) === before)
    await world.api.patch(tenant.dashboard('moved'), { spec: { path: 'team/moved.json' } })
    await waitFor('it has moved', async () => (await tenant.files()).join() === '.gitsync,team/moved.json')
    await stage.restart('stop')
    await saveVersion(grafana, 'moved', 2)
    await tenant.request()
    await tenant.atVersion('moved', 2)
    expect(await tenant.files()).toEqual(['.gitsync', 'team/moved.json'])
    expect((await tenant.ready())['status'].orphans).toBe(0)
  })
}
