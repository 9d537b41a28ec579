import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askWithClient } from './client.ts'
import type { ClientCall } from './client.ts'
import { startGrafana, startGrafanaStandIn } from './index.ts'
import type { Credentials, Grafana, Token } from './index.ts'

// What both have, so that the stand-in for a later Grafana is held against the real one. `later`: as 12 has it, and not 10.
describe.each([
  { name: 'Grafana 10', start: startGrafana, later: false },
  { name: 'the stand-in for Grafana 12', start: startGrafanaStandIn, later: true },
])('$name', ({ start, later }) => {
  let grafana: Grafana
  let ada: Credentials
  let editor: Token
  beforeAll(async () => {
    grafana = await start()
    ada = await grafana.user('ada', 'Editor')
    editor = await grafana.serviceAccount('editor', 'Editor')
    await grafana.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
    await grafana.api('POST', '/api/folders', { uid: 'inner', title: 'Inner', parentUid: 'team' })
  })
  afterAll(() => grafana.stop())

  interface Save {
    readonly title?: string
    readonly version?: number
    readonly message?: string
    readonly folder?: string
    readonly as?: Credentials
  }
  const save = (uid: string, { title = uid, version = 0, message = '', folder = 'team', as }: Save = {}) => {
    const dashboard = { uid, title, version, tags: [uid, 'all'] }
    return grafana.ask('POST', '/api/dashboards/db', { dashboard, folderUid: folder, message }, as)
  }
  /** Saves with as many titles. */
  const saves = async (uid: string, count: number) => {
    for (let version = 0; version < count; version++) await save(uid, { title: `${uid} ${version}`, version })
  }
  const versions = async (uid: string, query = ''): Promise<any[]> => {
    const answer = await grafana.api('GET', `/api/dashboards/uid/${uid}/versions${query}`)
    return later ? answer.versions : answer
  }

  test('each save is a version with author and message; a rename, a move and a restore are versions too', async () => {
    await save('one', { message: 'why', as: ada })
    await save('one', { version: 1, title: 'Second', message: 'second' })
    await save('one', { version: 2, title: 'Second', message: 'moved', folder: 'inner' })
    await grafana.api('POST', '/api/dashboards/uid/one/restore', { version: 1 })
    const now = await grafana.api('GET', '/api/dashboards/uid/one')
    expect(now.dashboard).toMatchObject({ uid: 'one', title: 'one', version: 4 })
    // What is restored is the content, not the folder.
    expect(now.meta).toMatchObject({ folderUid: 'inner', createdBy: 'ada', updatedBy: 'admin', version: 4 })
    const list = await versions('one')
    expect(list.map(({ version, createdBy, message }) => [version, createdBy, message])).toEqual([
      [4, 'admin', 'Restored from version 1'],
      [3, 'admin', 'moved'],
      [2, 'admin', 'second'],
      // The list hides the message of the first.
      [1, 'ada', 'Initial save'],
    ])
    expect(await grafana.api('GET', '/api/dashboards/uid/one/versions/1')).toMatchObject({
      message: 'why',
      createdBy: 'ada',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      data: { title: 'one', tags: ['one', 'all'] },
    })
  })

  test('a save that changes nothing is one more in the list, in later versions with the same number', async () => {
    await save('same')
    await save('same', { version: 1, message: 'same' })
    expect((await versions('same')).map(({ version, message }) => [version, message])).toEqual([
      [later ? 1 : 2, later ? 'Initial save' : 'same'],
      [1, 'Initial save'],
    ])
  })

  test('the list begins with the newest; its pages go on by number, later by token', async () => {
    await saves('paged', 4)
    const numbers = (list: any[]) => list.map(({ version }) => version)
    expect(numbers(await versions('paged', '?limit=3'))).toEqual([4, 3, 2])
    const { continueToken } = await grafana.api('GET', '/api/dashboards/uid/paged/versions?limit=3')
    const rest = later ? `continueToken=${continueToken}` : 'start=3'
    expect(numbers(await versions('paged', `?limit=3&${rest}`))).toEqual([1])
  })

  test('behind a full last page is nothing: 10 does not know one, later ones have no token for it', async () => {
    await saves('even', 2)
    const path = '/api/dashboards/uid/even/versions?limit=2'
    if (later) expect(await grafana.api('GET', path)).toMatchObject({ continueToken: '' })
    else expect(await grafana.ask('GET', `${path}&start=2`)).toMatchObject({ status: 404 })
  })

  test('of old versions only the newest are kept: the list ends earlier, and what is gone is an error', async () => {
    await saves('pruned', 4)
    await grafana.keepVersions('pruned', 2)
    expect((await versions('pruned')).map(({ version, parentVersion }) => [version, parentVersion])).toEqual([
      [4, 3],
      [3, 2],
    ])
    expect(await grafana.ask('GET', '/api/dashboards/uid/pruned/versions/1')).toMatchObject({ status: 500 })
  })

  test('who saved is a name of today; who was deleted is Anonymous, as were service accounts', async () => {
    const eve = await grafana.user('eve', 'Editor')
    await save('authors', { as: eve })
    await save('authors', { version: 1, title: 'Other', as: editor })
    const authors = async () => (await versions('authors')).map(({ createdBy }) => createdBy)
    const account = later ? 'editor' : 'Anonymous'
    expect(await authors()).toEqual([account, 'eve'])
    await grafana.renameUser('eve', 'eva')
    expect(await authors()).toEqual([account, 'eva'])
    await grafana.deleteUser('eva')
    expect(await authors()).toEqual([account, 'Anonymous'])
  })

  test('a deleted dashboard takes its versions along, and one with its uid begins anew', async () => {
    await saves('gone', 2)
    await grafana.api('DELETE', '/api/dashboards/uid/gone')
    for (const path of ['', '/versions']) {
      expect(await grafana.ask('GET', `/api/dashboards/uid/gone${path}`)).toMatchObject({ status: 404 })
    }
    await save('gone')
    expect(await versions('gone')).toMatchObject([{ version: 1 }])
  })

  test('the search knows folders, which 10 passes over unless by number, takes every tag, and has pages', async () => {
    for (const uid of ['a', 'b']) await save(uid, { folder: 'inner' })
    const search = async (query: string) =>
      (await grafana.api('GET', `/api/search?type=dash-db&${query}`)).map(({ uid }: any) => uid)
    const { id } = await grafana.api('GET', '/api/folders/inner')
    const inner = expect.arrayContaining(['a', 'b'])
    expect(await search(`folderIds=${id}`)).toEqual(inner)
    expect(await search('folderUIDs=inner')).toEqual(inner)
    expect(await search(`folderIds=${id}&tag=a`)).toEqual(['a'])
    expect(await search('folderUIDs=none&tag=a')).toEqual(later ? [] : ['a'])
    expect(await search('tag=a&tag=b')).toEqual([])
    // What is on a page is sorted, not the pages: the database knows upper case from lower.
    const paged: string[] = []
    for (let page = 1; page <= 20; page++) paged.push(...(await search(`tag=all&limit=3&page=${page}`)))
    expect(paged.toSorted()).toEqual((await search('tag=all')).toSorted())
    expect(await search('tag=a&limit=1&page=2')).toEqual([])
    expect(await grafana.ask('GET', '/api/search?limit=5001')).toMatchObject({ status: 422 })
    expect(await grafana.api('GET', '/api/folders?parentUid=team')).toMatchObject([{ uid: 'inner', title: 'Inner' }])
  })

  test('a folder is renamed, moved and deleted with what is in it, and no dashboard has a version more', async () => {
    await grafana.api('POST', '/api/folders', { uid: 'going', title: 'Going', parentUid: 'team' })
    await save('inside', { folder: 'going' })
    await grafana.api('PUT', '/api/folders/going', { title: 'Gone', overwrite: true })
    const hit = async () =>
      (await grafana.api('GET', '/api/search?type=dash-db')).find(({ uid }: any) => uid === 'inside')
    expect(await hit()).toMatchObject({ folderUid: 'going', folderTitle: 'Gone' })
    await grafana.api('POST', '/api/folders/going/move', { parentUid: '' })
    expect((await grafana.api('GET', '/api/folders/going')).parentUid).toBeUndefined()
    expect(await versions('inside')).toHaveLength(1)
    await grafana.api('DELETE', '/api/folders/going')
    expect(await hit()).toBeUndefined()
    expect(await grafana.ask('GET', '/api/dashboards/uid/inside')).toMatchObject({ status: 404 })
    expect(await grafana.ask('GET', '/api/folders/going')).toMatchObject({ status: 404 })
  })

  test('versions need the right to write; without a valid login nothing is answered', async () => {
    await save('guarded')
    const viewer = await grafana.serviceAccount('viewer', 'Viewer')
    const status = async (path: string, as: Credentials | null) => {
      const { status, body } = await grafana.ask('GET', `/api/dashboards/uid/guarded${path}`, undefined, as)
      return [status, status === 200 ? '' : body.message.toLowerCase()]
    }
    expect(await status('', viewer)).toEqual([200, ''])
    expect(await status('/versions', viewer)).toEqual([403, expect.stringContaining('dashboards:write')])
    expect(await status('', null)).toEqual([401, 'unauthorized'])
    expect(await status('', { token: 'glsa_wrong' })).toEqual([401, 'invalid api key'])
    expect(await status('', { name: 'admin', password: 'wrong' })).toEqual([401, 'invalid username or password'])
  })

  test('the organisation has a number, which every login may know', async () => {
    const viewer = await grafana.serviceAccount('onlooker', 'Viewer')
    expect(await grafana.api('GET', '/api/org', undefined, viewer)).toMatchObject({ id: 1, name: 'Main Org.' })
  })

  test('a save is refused when somebody was faster', async () => {
    await save('raced')
    expect(await save('raced')).toMatchObject({ status: 412, body: { status: 'version-mismatch' } })
  })

  test("Grafana's own client of today reads it, but for the list of versions of 10, an array", async () => {
    await save('read', { folder: 'inner' })
    const ask = (...call: [ClientCall, string, number?]) => askWithClient(grafana.url, editor.token, ...call)
    expect(await ask('dashboard', 'read')).toMatchObject({ dashboard: { title: 'read' }, meta: { folderUid: 'inner' } })
    expect(await ask('version', 'read', 1)).toMatchObject({ version: 1, createdBy: 'admin', data: { title: 'read' } })
    expect(await ask('folders', 'team')).toMatchObject([{ uid: 'inner' }])
    expect(await ask('org', '')).toMatchObject({ id: 1, name: 'Main Org.' })
    expect(await ask('search', 'inner')).toContainEqual(expect.objectContaining({ uid: 'read', folderUid: 'inner' }))
    const list = ask('versions', 'read', 1)
    if (later) expect(await list).toMatchObject({ versions: [{ version: 1, createdBy: 'admin', uid: 'read' }] })
    else await expect(list).rejects.toThrow('cannot unmarshal array')
  })

  test('resources came later', async () => {
    const answer = await grafana.ask('GET', '/apis/dashboard.grafana.app/v1/namespaces/default/dashboards')
    expect(answer).toMatchObject({ status: later ? 200 : 404 })
  })
})
