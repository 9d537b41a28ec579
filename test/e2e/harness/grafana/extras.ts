/** Alert rules and library panels beside the dashboards of a folder. */
import { expect, test } from 'vitest'
import type { Grafana } from '../../../kit/grafana/index.ts'
import { waitFor } from '../wait-for.ts'
import type { startWorld } from '../world.ts'
import { createExtras } from './extras-shelf.ts'
import type { ExtrasShelf } from './extras-shelf.ts'
import { save } from './save.ts'
import { createGrafanaSecret } from './source.ts'
import { useStage } from './stage.ts'
import type { Stage } from './stage.ts'

export function extrasScenarios(plane: Parameters<typeof startWorld>[0], start: () => Promise<Grafana>): void {
  const stage = useStage(plane, start, 'Admin')

  test('rules and panels are files beside dashboards; who changed one makes one commit', async () => {
    const shelf = await createExtras(stage, 'extras')
    const bob = await stage.grafana.user('bob', 'Editor')
    await shelf.putRule('cpu', 'High load', '1 > 0')
    await shelf.putRule('memory', 'High load', '2 > 0')
    await shelf.putRule('outside', 'Outside', '1 > 0', shelf.folders.elsewhere)
    await shelf.putPanel('latency', 'first', { name: 'Latency', as: bob })
    await shelf.putPanel('errors', 'first', { name: 'Errors', folder: shelf.folders.inner })
    await shelf.follow()
    const [rules, latency, errors] = [
      'alert-rules/team-extras/high-load.yaml',
      'library-panels/team-extras/latency.json',
      'library-panels/team-extras/inner-extras/errors.json',
    ]
    await shelf.become(rules, latency, errors)
    expect(await shelf.text(rules)).toBe(`${(await shelf.exported('High load')).trimEnd()}\n`)
    expect(JSON.parse(await shelf.text(latency))).toEqual({
      uid: 'latency-extras',
      name: 'Latency',
      kind: 1,
      folderUid: shelf.folders.team,
      model: expect.objectContaining({ type: 'text', title: 'Latency' }),
    })

    await nothingChangedCostsTheLists(stage, shelf)

    // Rules are changed by nobody whom Grafana names, panels by bob.
    const before = await shelf.commits()
    await shelf.putRule('cpu', 'High load', '3 > 0')
    await shelf.tenant.request()
    await waitFor('the rule is changed', async () => (await shelf.text(rules)).includes('3 > 0'))
    expect(await shelf.commits()).toBe(before + 1)
    expect(await shelf.text(rules)).toBe(`${(await shelf.exported('High load')).trimEnd()}\n`)
    await shelf.putPanel('latency', 'second', { name: 'Latency', as: bob })
    await shelf.tenant.request()
    await waitFor('the panel is saved', async () => (await shelf.text(latency)).includes('second'))
    expect(await shelf.commits()).toBe(before + 2)
    expect((await shelf.log(latency))[0]).toBe('bob: Update Dashboard extras/all/library-panels/latency-extras')
    const { meta } = (await stage.grafana.api('GET', '/api/library-elements/latency-extras')).result
    const [date] = await shelf.tenant.log(`audit/${latency}`, '%at')
    expect(Number(date)).toBe(Date.parse(meta.updated) / 1_000)

    // Renamed, moved, deleted and made again.
    await shelf.putPanel('latency', 'second', { name: 'Latency p99', as: bob })
    await shelf.putRule('cpu', 'Load', '3 > 0')
    await shelf.putRule('memory', 'Load', '2 > 0')
    const renamed = ['alert-rules/team-extras/load.yaml', 'library-panels/team-extras/latency-p99.json'] as const
    await shelf.become(...renamed, errors)
    expect(await shelf.log(renamed[1])).toHaveLength(3)
    await shelf.putPanel('latency', 'second', { name: 'Latency p99', folder: shelf.folders.inner, as: bob })
    await shelf.putPanel('errors', 'first', { name: 'Errors', folder: shelf.folders.elsewhere })
    await shelf.putRule('cpu', 'Load', '3 > 0', shelf.folders.inner)
    const moved = [
      'alert-rules/team-extras/inner-extras/load.yaml',
      'alert-rules/team-extras/load.yaml',
      'library-panels/team-extras/inner-extras/latency-p99.json',
    ] as const
    await shelf.become(...moved)
    await shelf.dropRule('cpu')
    await shelf.dropPanel('latency')
    await shelf.become(moved[1])
    await shelf.putPanel('latency', 'third', { name: 'Latency', as: bob })
    await shelf.putRule('cpu', 'High load', '1 > 0')
    await shelf.become(rules, moved[1], latency)
    await stage.grafana.api('PUT', `/api/folders/${shelf.folders.team}`, { title: 'Crew', overwrite: true })
    await shelf.become(
      'alert-rules/crew/high-load.yaml',
      'alert-rules/crew/load.yaml',
      'library-panels/crew/latency.json',
    )
    // What it exports names the folder.
    expect(await shelf.text('alert-rules/crew/load.yaml')).toContain('folder: Crew')

    // They are not wanted any more.
    await stage.world.api.patch(shelf.tenant.dashboard('all'), { spec: { source: { grafana: { alertRules: null } } } })
    await shelf.become('library-panels/crew/latency.json')
    expect(await shelf.tenant.repository.git('fsck', '--strict')).toBe('')
  })

  test('what is changed and deleted while no operator runs is found afterwards', async () => {
    const shelf = await createExtras(stage, 'away')
    for (const uid of ['one', 'two', 'three']) {
      await shelf.putRule(uid, `Group ${uid}`, '1 > 0')
      await shelf.putPanel(uid, 'first')
    }
    const rules = (uid: string): string => `alert-rules/team-away/group-${uid}.yaml`
    const panel = (uid: string): string => `library-panels/team-away/${uid}.json`
    const all = ['one', 'two', 'three']
    await shelf.follow()
    await shelf.become(...all.map(rules), ...all.map(panel))
    const before = await shelf.commits()
    await stage.restart('kill')
    await shelf.become(...all.map(rules), ...all.map(panel))
    expect(await shelf.commits()).toBe(before)
    await stage.restart('kill', async () => {
      await shelf.putRule('one', 'Group one', '2 > 0')
      await shelf.dropRule('two')
      await shelf.putPanel('one', 'second')
      await shelf.putPanel('one', 'third')
      await shelf.dropPanel('two')
    })
    await shelf.become(rules('one'), rules('three'), panel('one'), panel('three'))
    expect(await shelf.text(rules('one'))).toContain('2 > 0')
    expect(await shelf.text(panel('one'))).toContain('third')
  })

  test('without the right to read rules their files stay, the Dashboard says so, and dashboards go on', async () => {
    const shelf = await createExtras(stage, 'refused')
    await shelf.putRule('cpu', 'Load', '1 > 0')
    await shelf.putPanel('latency', 'first')
    await shelf.putPanel('going', 'first')
    await shelf.follow()
    const [rules, panel] = ['alert-rules/team-refused/load.yaml', 'library-panels/team-refused/latency.json'] as const
    await shelf.become(rules, panel, 'library-panels/team-refused/going.json')
    const { token } = await stage.grafana.serviceAccount('editor', 'Editor')
    await stage.world.api.delete({ apiVersion: 'v1', kind: 'Secret', namespace: 'refused', name: 'grafana' })
    await createGrafanaSecret(stage.world.api, 'refused', token)
    await stage.restart('stop', async () => {
      await shelf.dropRule('cpu')
      await shelf.putPanel('latency', 'second')
      await shelf.dropPanel('going')
      await save(stage.grafana, 'board-refused', { folder: shelf.folders.team, version: 1, title: 'Goes on' })
    })
    const { message } = await shelf.tenant.dashboardIs('all', 'GrafanaRefused')
    expect(message).toMatch(
      /^spec\.source\.grafana\.alertRules: .* was answered 403: .*; the token needs alert\.provisioning:read,/,
    )
    expect(message).not.toContain(token)
    await waitFor('the others go on', async () => (await shelf.text(panel)).includes('second'))
    await waitFor('dashboards go on', async () =>
      (await shelf.tenant.files()).includes('audit/dashboards/team-refused/goes-on.json'),
    )
    // Of panels it can be seen that one is gone, of rules it cannot.
    await waitFor('what went is gone', async () => (await shelf.listed()).join() === `${rules},${panel}`)
    await stage.world.api.delete({ apiVersion: 'v1', kind: 'Secret', namespace: 'refused', name: 'grafana' })
    await createGrafanaSecret(stage.world.api, 'refused', stage.token)
    await stage.restart('stop')
    await shelf.become(panel)
  })
}

/** One request for all rules and one for up to a hundred panels, beside those for the dashboards. */
async function nothingChangedCostsTheLists({ grafana, world }: Stage, shelf: ExtrasShelf): Promise<void> {
  const { tenant, commits, folders } = shelf
  const before = await commits()
  const asked = (): Promise<number> => world.operator.metric('gitsync_grafana_requests_total')
  const settled = await asked()
  // One folder is named and two are gone through; one list and one dashboard; rules; panels.
  const ofLook = 7
  await tenant.request()
  await waitFor('a look is done', async () => (await asked()) >= settled + ofLook)
  expect(await commits()).toBe(before)
  // A save comes after all that its look has asked for: the list of versions and one of them.
  await save(grafana, 'board-extras', { folder: folders.team, version: 1, fields: { description: 'next' } })
  await tenant.request()
  await waitFor('the save is in Git', async () => (await commits()) === before + 1)
  expect(await asked()).toBe(settled + 2 * ofLook + 2)
}
