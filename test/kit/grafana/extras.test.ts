import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { askWithClient } from './client.ts'
import { startGrafana, startGrafanaStandIn } from './index.ts'
import type { Credentials, Grafana, Token } from './index.ts'

// What both have beside dashboards, so that the stand-in is held against the real one.
describe.each([
  { name: 'Grafana 10', start: startGrafana },
  { name: 'the stand-in for Grafana 12', start: startGrafanaStandIn },
])('$name', ({ start }) => {
  let grafana: Grafana
  let bob: Credentials
  let admin: Token
  let editor: Token
  beforeAll(async () => {
    grafana = await start()
    bob = await grafana.user('bob', 'Editor')
    admin = await grafana.serviceAccount('admin', 'Admin')
    editor = await grafana.serviceAccount('editor', 'Editor')
    await grafana.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
    await grafana.api('POST', '/api/folders', { uid: 'inner', title: 'Inner', parentUid: 'team' })
  })
  afterAll(() => grafana.stop())

  const RULES = '/api/v1/provisioning/alert-rules'
  const rule = (uid: string, ruleGroup: string, folderUID = 'team', title = uid) => ({
    uid,
    ruleGroup,
    folderUID,
    title,
    condition: 'A',
    for: '1m',
    noDataState: 'NoData',
    execErrState: 'Alerting',
    data: [
      {
        refId: 'A',
        datasourceUid: '__expr__',
        relativeTimeRange: { from: 600, to: 0 },
        model: { type: 'math', expression: '1 > 0', refId: 'A' },
      },
    ],
  })
  const groupPath = (group: string, folder = 'team'): string =>
    `/api/v1/provisioning/folder/${folder}/rule-groups/${encodeURIComponent(group)}`
  const listed = async (): Promise<any[]> => grafana.api('GET', RULES)
  const exported = async (group: string, folder = 'team'): Promise<any> =>
    parse(await grafana.api('GET', `${groupPath(group, folder)}/export?format=yaml&download=false`))

  test('rules are listed with folder, group and time; a group is exported as a file that names its folder', async () => {
    await grafana.api('POST', RULES, rule('one', 'High load'))
    await grafana.api('POST', RULES, rule('two', 'High load'))
    await grafana.api('POST', RULES, rule('three', 'a/b c'))
    expect(
      (await listed()).map(({ uid, folderUID, ruleGroup, updated }) => [uid, folderUID, ruleGroup, updated]),
    ).toEqual(
      [
        ['one', 'team', 'High load'],
        ['two', 'team', 'High load'],
        ['three', 'team', 'a/b c'],
      ].map((fields) => [...fields, expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)]),
    )
    expect(await exported('High load')).toMatchObject({
      apiVersion: 1,
      groups: [
        { orgId: 1, name: 'High load', folder: 'Team', interval: '1m', rules: [{ uid: 'one' }, { uid: 'two' }] },
      ],
    })
    expect(await exported('a/b c')).toMatchObject({ groups: [{ name: 'a/b c', rules: [{ uid: 'three' }] }] })
    expect(await grafana.api('GET', groupPath('High load'))).toMatchObject({ title: 'High load', folderUid: 'team' })
    for (const path of [groupPath('none'), `${groupPath('none')}/export`])
      expect(await grafana.ask('GET', path)).toMatchObject({ status: 404 })
  })

  test('a rule that is changed or moved, and the interval of a group, show in the list', async () => {
    await grafana.api('POST', RULES, rule('moving', 'Moving'))
    const find = async (): Promise<any> => (await listed()).find(({ uid }) => uid === 'moving')
    const before = await find()
    await grafana.api('PUT', `${RULES}/moving`, rule('moving', 'Moving', 'team', 'Other'))
    expect(await find()).toMatchObject({ title: 'Other', id: before.id })
    await grafana.api('PUT', `${RULES}/moving`, rule('moving', 'Moving', 'inner', 'Other'))
    expect(await find()).toMatchObject({ folderUID: 'inner' })
    expect(await grafana.ask('GET', groupPath('Moving'))).toMatchObject({ status: 404 })
    const { updated } = await find()
    // Times are whole seconds.
    for (let interval = 120; (await find()).updated === updated; interval += 60)
      await grafana.api('PUT', groupPath('Moving', 'inner'), { interval })
    expect((await exported('Moving', 'inner')).groups[0].interval).toMatch(/^\d+m$/)
    await grafana.api('DELETE', `${RULES}/moving`)
    expect(await find()).toBeUndefined()
    expect(await grafana.ask('DELETE', `${RULES}/moving`)).toMatchObject({ status: 204 })
    expect(await grafana.ask('PUT', `${RULES}/moving`, rule('moving', 'x'))).toMatchObject({ status: 404 })
  })

  test('a folder with rules is deleted only by force, and takes them along', async () => {
    await grafana.api('POST', '/api/folders', { uid: 'going', title: 'Going' })
    await grafana.api('POST', RULES, rule('going', 'Going', 'going'))
    await grafana.api('POST', '/api/library-elements', {
      uid: 'going',
      name: 'G',
      kind: 1,
      folderUid: 'going',
      model: {},
    })
    expect(await grafana.ask('DELETE', '/api/folders/going')).toMatchObject({ status: 400 })
    await grafana.api('DELETE', '/api/folders/going?forceDeleteRules=true')
    expect((await listed()).map(({ uid }) => uid)).not.toContain('going')
    expect(await grafana.ask('GET', '/api/library-elements/going')).toMatchObject({ status: 404 })
  })

  test('rules are for administrators, panels for all', async () => {
    const { status, body } = await grafana.ask('GET', RULES, undefined, editor)
    expect([status, body.message]).toEqual([
      403,
      expect.stringContaining('Permissions needed: alert.provisioning:read'),
    ])
    for (const path of [groupPath('High load'), `${groupPath('High load')}/export`])
      expect(await grafana.ask('GET', path, undefined, editor)).toMatchObject({ status: 403 })
    expect(await grafana.ask('GET', '/api/library-elements', undefined, editor)).toMatchObject({ status: 200 })
  })

  test('a panel is made, saved and moved by people, and each says who was last', async () => {
    const model = { type: 'graph', title: 'Latency' }
    await grafana.api(
      'POST',
      '/api/library-elements',
      { uid: 'p', name: 'Latency', kind: 1, folderUid: 'team', model },
      bob,
    )
    const find = async (): Promise<any> => (await grafana.api('GET', '/api/library-elements/p')).result
    expect(await find()).toMatchObject({
      uid: 'p',
      name: 'Latency',
      folderUid: 'team',
      kind: 1,
      version: 1,
      model: { ...model, description: '' },
      meta: { folderName: 'Team', updatedBy: { name: 'bob' } },
    })
    const patch = (fields: object, as?: Credentials): Promise<any> =>
      grafana.ask('PATCH', '/api/library-elements/p', { kind: 1, ...fields }, as)
    expect(await patch({ version: 1, name: 'Renamed', folderUid: 'inner', model })).toMatchObject({ status: 200 })
    expect(await find()).toMatchObject({
      name: 'Renamed',
      folderUid: 'inner',
      version: 2,
      meta: { updatedBy: { name: 'admin' } },
    })
    expect(await patch({ version: 1, name: 'Late', folderUid: 'inner' })).toMatchObject({ status: 412 })
    await patch({ version: 2, name: 'Robot', folderUid: 'inner' }, editor)
    expect((await find()).meta.updatedBy.name).toBe('sa-editor')
    expect(await grafana.ask('POST', '/api/library-elements', { uid: 'p', name: 'X', kind: 1, model })).toMatchObject({
      status: 400,
    })
    await grafana.renameUser('bob', 'rob')
    expect((await find()).meta.createdBy.name).toBe('rob')
    await grafana.renameUser('rob', 'bob')
    await grafana.api('DELETE', '/api/library-elements/p')
    expect(await grafana.ask('GET', '/api/library-elements/p')).toMatchObject({ status: 404 })
  })

  test('panels have pages by name; behind the last one is an empty one', async () => {
    for (const name of ['C', 'A', 'B'])
      await grafana.api('POST', '/api/library-elements', {
        uid: `page-${name}`,
        name,
        kind: 1,
        folderUid: '',
        model: {},
      })
    const page = async (number: number): Promise<any> =>
      (await grafana.api('GET', `/api/library-elements?kind=1&perPage=2&page=${number}`)).result.elements
    expect((await page(1)).map(({ name, folderUid }: any) => [name, folderUid])).toEqual([
      ['A', ''],
      ['B', ''],
    ])
    expect((await page(2)).map(({ name }: any) => name)).toEqual(['C'])
    expect(await page(3)).toEqual([])
  })

  test("Grafana's own client of today reads both", async () => {
    const ask = (...call: ['rules' | 'group' | 'panels' | 'panel', string, number?]) =>
      askWithClient(grafana.url, admin.token, ...call)
    expect(await ask('rules', '')).toContainEqual(expect.objectContaining({ uid: 'one', ruleGroup: 'High load' }))
    expect(await ask('group', 'team/High load')).toMatchObject({
      title: 'High load',
      rules: [{ uid: 'one' }, { uid: 'two' }],
    })
    expect((await ask('panels', '', 2)).result).toMatchObject({ page: 2, perPage: 2, elements: [{ uid: 'page-C' }] })
    expect((await ask('panel', 'page-A')).result).toMatchObject({ name: 'A', kind: 1, version: 1 })
  })
})
