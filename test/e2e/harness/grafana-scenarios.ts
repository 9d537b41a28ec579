/** What a Dashboard with `source.grafana` does, beside whatever Grafana: a stand-in, or a real one. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Credentials, Grafana } from '../../kit/grafana/index.ts'
import type { KubeObject, Ref } from './api.ts'
import { conditionOf } from './gitsync.ts'
import type { Condition } from './gitsync.ts'
import type { HttpBackendHost } from './git-host.ts'
import { credentialSecret } from './tenant.ts'
import { waitFor } from './wait-for.ts'
import { startWorld } from './world.ts'
import type { World } from './world.ts'

type Tenant = Awaited<ReturnType<World<HttpBackendHost>['tenant']>>

const REF = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard' }
/** Where the test asks for a poll itself. */
const INTERVAL = '1h'

export function grafanaScenarios(plane: Parameters<typeof startWorld>[0], start: () => Promise<Grafana>): void {
  let world: World<HttpBackendHost>
  let grafana: Grafana
  let token: string
  let ada: Credentials

  beforeAll(async () => {
    world = await startWorld(plane)
    grafana = await start()
    ada = await grafana.user('ada', 'Editor')
    ;({ token } = await grafana.serviceAccount('gitsync', 'Editor'))
    // One that is never gone.
    await save('other')
  })
  afterAll(async () => {
    await world?.stop()
    await grafana?.stop()
  })

  interface Save {
    readonly title?: string
    /** The version that it follows. */
    readonly version?: number
    readonly message?: string
    readonly as?: Credentials
    readonly fields?: object
  }
  async function save(uid: string, { title = uid, version = 0, message = '', as, fields = {} }: Save = {}) {
    const dashboard = { uid, title, version, panels: [], ...fields }
    await grafana.api('POST', '/api/dashboards/db', { dashboard, message }, as)
  }
  /** Saves that differ in a number, by the administrator, from one version to another. */
  async function saves(uid: string, from: number, to: number) {
    for (let version = from; version <= to; version++)
      await save(uid, { version: version - 1, message: `v${version}`, fields: { description: `${version}s` } })
  }
  const ref = (tenant: Tenant, name: string): Ref => ({ ...REF, namespace: tenant.namespace, name })
  async function tenantWith(name: string, login: Readonly<Record<string, string>> = { token }): Promise<Tenant> {
    const tenant = await world.tenant(name)
    await world.api.create(credentialSecret(tenant.namespace, '127.0.0.1', login, 'grafana'))
    return tenant
  }
  async function readable(uid: string): Promise<void> {
    // A Grafana remembers for some seconds what a service account may read.
    await waitFor(
      `${uid} can be read`,
      async () => {
        const { status } = await grafana.ask('GET', `/api/dashboards/uid/${uid}/versions`, undefined, { token })
        return status !== 403
      },
      { timeout: 90_000 },
    )
  }
  async function follow(tenant: Tenant, uid: string, fields: object = {}, spec: object = {}): Promise<void> {
    await followAll(tenant, uid, { uid, ...fields }, [uid], spec)
  }
  /** @param uids dashboards that are there */
  async function followAll(
    tenant: Tenant,
    name: string,
    fields: object,
    uids: readonly string[],
    spec: object = {},
  ): Promise<void> {
    for (const uid of uids) await readable(uid)
    const source = { grafana: { url: grafana.url, secretRef: { name: 'grafana' }, interval: INTERVAL, ...fields } }
    const metadata = { name, namespace: tenant.namespace }
    const object: KubeObject = { ...REF, metadata, spec: { syncRef: { name: 'sync' }, source, ...spec } }
    await world.api.create(object)
  }
  const told = (tenant: Tenant, name: string, wanted: string): Promise<Condition & { readonly object: KubeObject }> =>
    waitFor(`Dashboard ${name} is ${wanted}`, async () => {
      const object = await world.api.get(ref(tenant, name))
      const ready = conditionOf(object, 'Ready')
      if (ready?.reason !== wanted) throw new Error(JSON.stringify(object['status']))
      return { ...ready, object }
    })
  /** Waits until the status says that this version is in Git. */
  const atVersion = (tenant: Tenant, name: string, version: number): Promise<KubeObject> =>
    waitFor(`Dashboard ${name} is at version ${version}`, async () => {
      const object = await world.api.get(ref(tenant, name))
      const { sourceVersion } = object['status'] ?? {}
      if (conditionOf(object, 'Ready')?.status !== 'True' || sourceVersion !== version)
        throw new Error(JSON.stringify(object['status']))
      return object
    })
  const log = async (tenant: Tenant, path: string, format = '%an: %s'): Promise<string[]> =>
    (await tenant.repository.git('log', '--follow', `--format=${format}`, 'main', '--', path)).split('\n')
  const files = async (tenant: Tenant): Promise<string[]> =>
    (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n').sort()

  test('each version saved is a commit: its author, message and time; a new title is a rename', async () => {
    const tenant = await tenantWith('live')
    await save('checkout', { title: 'Checkout', message: 'first', as: ada })
    await tenant.sync({ path: '.' })
    await tenant.ready()
    await follow(tenant, 'checkout')
    const object = await atVersion(tenant, 'checkout', 1)
    const path = 'dashboards/checkout.json'
    expect(object['status']).toMatchObject({
      path,
      title: 'Checkout',
      sourceUrl: `${grafana.url}/d/checkout`,
      oid: await tenant.repository.git('rev-parse', `main:${path}`),
    })
    await save('checkout', { title: 'Checkout', version: 1, as: ada, fields: { description: '5s' } })
    await save('checkout', { title: 'Checkout', version: 2, message: 'Slower', fields: { description: '1m' } })
    await save('checkout', {
      title: 'Checkout: latency',
      version: 3,
      message: 'Named\n\nfor what it is',
      fields: { description: '1m' },
    })
    await tenant.request()
    await atVersion(tenant, 'checkout', 4)
    const now = 'dashboards/checkout-latency.json'
    expect(await files(tenant)).toEqual(['.gitsync', now])
    expect(await log(tenant, now)).toEqual([
      'admin: Named',
      'admin: Slower',
      'ada: Update Dashboard live/checkout',
      'ada: first',
    ])
    const { created } = await grafana.api('GET', '/api/dashboards/uid/checkout/versions/3')
    const saved = `${new Date(created).toISOString().slice(0, 19)}Z`
    const [subject, date, source] = await tenant.repository
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
    expect(JSON.parse(await tenant.repository.git('show', `main:${now}`))).toEqual(
      expect.not.objectContaining({ id: expect.anything(), version: expect.anything() }),
    )
    // Nothing new: nothing happens, neither to Git nor to the status.
    const tip = await tenant.repository.git('rev-parse', 'main')
    const before = await world.api.get(ref(tenant, 'checkout'))
    const request = await tenant.request()
    await waitFor('the look is done', async () => (await tenant.ready())['status'].lastHandledRequest === request)
    expect(await tenant.repository.git('rev-parse', 'main')).toBe(tip)
    expect((await world.api.get(ref(tenant, 'checkout'))).metadata['resourceVersion']).toBe(
      before.metadata['resourceVersion'],
    )
  })

  test('the full history, and what was saved while no operator ran: no commit twice, none left out', async () => {
    const tenant = await tenantWith('full')
    await saves('full', 1, 5)
    await tenant.sync({ path: 'audit' })
    await follow(tenant, 'full', { history: 'Full' }, { path: 'grafana/full.json' })
    await atVersion(tenant, 'full', 5)
    const path = 'audit/grafana/full.json'
    const subjects = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${count - i}`)
    expect(await log(tenant, path, '%s')).toEqual(subjects(5))
    await world.operator.kill()
    await saves('full', 6, 8)
    world.operator = await world.startOperator()
    await atVersion(tenant, 'full', 8)
    expect(await log(tenant, path, '%s')).toEqual(subjects(8))
    // As when it was killed between the push and the status: Git alone says what it holds, also where content comes again.
    await save('full', { version: 8, message: 'v9', fields: { description: '7s' } })
    await world.operator.kill()
    await save('full', { version: 9, message: 'v10', fields: { description: '8s' } })
    const of = `/apis/gitsync.dev/v1alpha1/namespaces/${tenant.namespace}/dashboards/full/status`
    const status = { sourceVersion: 6 }
    expect(await world.api.send('PATCH', of, { status }, 'application/merge-patch+json')).toMatchObject({ code: 200 })
    world.operator = await world.startOperator()
    await atVersion(tenant, 'full', 10)
    expect(await log(tenant, path, '%s')).toEqual(subjects(10))
  })

  test('killed at any moment of a long import, it has each version once, in their order', async () => {
    const count = 300
    const tenant = await tenantWith('killed')
    await saves('long', 1, count)
    await tenant.sync({ path: 'deep/folder' })
    await tenant.ready()
    const written = async (): Promise<string[]> =>
      (await tenant.repository.git('log', '--reverse', '--format=%s', 'main'))
        .split('\n')
        .filter((subject) => /^v\d+$/.test(subject))
        .map((subject) => subject.slice(1))
    await follow(tenant, 'long', { history: 'Full' })
    let before = 0
    for (let kill = 0; kill < 6; kill++) {
      before = await waitFor('more is in Git', async () => {
        const now = (await written()).length
        return now > before || now === count ? now : undefined
      })
      await world.operator.kill()
      world.operator = await world.startOperator()
    }
    await atVersion(tenant, 'long', count)
    expect(await written()).toEqual(Array.from({ length: count }, (_, i) => String(i + 1)))
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })

  test('killed at any moment of the import of many, it has each version of each once, in their order', async () => {
    const uids = ['k-1', 'k-2', 'k-3']
    const count = 60
    const tenant = await tenantWith('killed-many')
    await grafana.api('POST', '/api/folders', { uid: 'killed', title: 'Killed' })
    for (let version = 1; version <= count; version++) {
      for (const uid of uids) {
        const dashboard = { uid, title: uid, version: version - 1, panels: [], description: `${version}s` }
        await grafana.api('POST', '/api/dashboards/db', {
          dashboard,
          folderUid: 'killed',
          message: `${uid} v${version}`,
        })
      }
    }
    await tenant.sync({ path: 'deep/folder' })
    await tenant.ready()
    const written = async (uid: string): Promise<string[]> =>
      (await tenant.repository.git('log', '--reverse', '--format=%s', 'main'))
        .split('\n')
        .filter((subject) => subject.startsWith(`${uid} v`))
    const all = async (): Promise<number> => (await Promise.all(uids.map(written))).flat().length
    await followAll(tenant, 'killed', { folder: 'killed', history: 'Full' }, uids)
    let before = 0
    for (let kill = 0; kill < 4; kill++) {
      before = await waitFor('more is in Git', async () => {
        const now = await all()
        return now > before || now === count * uids.length ? now : undefined
      })
      await world.operator.kill()
      world.operator = await world.startOperator()
    }
    await waitFor('everything is in Git', async () => {
      const object = await world.api.get(ref(tenant, 'killed'))
      return conditionOf(object, 'Ready')?.status === 'True' && (await all()) >= count * uids.length
    })
    for (const uid of uids)
      expect(await written(uid)).toEqual(Array.from({ length: count }, (_, i) => `${uid} v${i + 1}`))
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })

  test('versions that are gone are named, in the condition and in the commit after them', async () => {
    const tenant = await tenantWith('pruned')
    await saves('pruned', 1, 2)
    await tenant.sync({ path: '.' })
    await follow(tenant, 'pruned')
    await atVersion(tenant, 'pruned', 2)
    await saves('pruned', 3, 8)
    await grafana.keepVersions('pruned', 3)
    await tenant.request()
    const object = await atVersion(tenant, 'pruned', 8)
    expect(conditionOf(object, 'Incomplete')).toMatchObject({
      reason: 'VersionsMissing',
      message: expect.stringContaining('versions 3 to 5 are not in Grafana any more'),
    })
    expect(await log(tenant, 'dashboards/pruned.json', '%s')).toEqual(['v8', 'v7', 'v6', 'v2'])
    expect(await tenant.repository.git('log', '-1', '--grep=^v6', '--format=%b', 'main')).toMatch(
      /^Gitsync-Missing: versions 3 to 5 are not in Grafana any more/m,
    )
  })

  test('deleted in Grafana: its file goes; made again: it comes back', async () => {
    const tenant = await tenantWith('deleted')
    await saves('going', 1, 2)
    await tenant.sync({ path: '.' })
    await follow(tenant, 'going')
    await atVersion(tenant, 'going', 2)
    await grafana.api('DELETE', '/api/dashboards/uid/going')
    await tenant.request()
    expect((await told(tenant, 'going', 'NotInGrafana')).message).toContain(
      'has no dashboard going any more: its file goes',
    )
    await tenant.committed(/^Delete Dashboard deleted\/going$/m)
    expect(await files(tenant)).toEqual(['.gitsync'])
    await save('going', { message: 'again', fields: { description: '9s' } })
    await tenant.request()
    await atVersion(tenant, 'going', 1)
    expect(await files(tenant)).toEqual(['.gitsync', 'dashboards/going.json'])
    // Gone while no operator ran.
    await world.operator.stop()
    await grafana.api('DELETE', '/api/dashboards/uid/going')
    world.operator = await world.startOperator()
    await told(tenant, 'going', 'NotInGrafana')
    await waitFor('the file is gone', async () => (await files(tenant)).join() === '.gitsync')
  })

  test('who may not read, and what is not there, is said; nothing is deleted on such a word', async () => {
    const viewer = await grafana.serviceAccount('viewer', 'Viewer')
    const tenant = await tenantWith('refused')
    await save('guarded')
    await tenant.sync({ path: '.' })
    await follow(tenant, 'guarded')
    await atVersion(tenant, 'guarded', 1)
    const login = (value: string): Promise<unknown> =>
      world.api.patch(
        { apiVersion: 'v1', kind: 'Secret', namespace: tenant.namespace, name: 'grafana' },
        {
          data: { token: Buffer.from(value).toString('base64') },
        },
      )
    await login(viewer.token)
    world.operator = await restart()
    expect((await told(tenant, 'guarded', 'GrafanaRefused')).message).toMatch(/answered 403: .*dashboards:write/)
    await login('glsa_wrong')
    const request = await tenant.request()
    await waitFor('the message says 401', async () =>
      (await told(tenant, 'guarded', 'GrafanaRefused')).message.includes('answered 401'),
    )
    expect((await told(tenant, 'guarded', 'GrafanaRefused')).message).not.toContain('glsa_wrong')
    expect(await files(tenant)).toContain('dashboards/guarded.json')
    await waitFor('the look is done', async () => (await tenant.ready())['status'].lastHandledRequest === request)
    expect((await tenant.ready())['status']).toMatchObject({ orphans: 0 })
    await login(token)
    await tenant.request()
    await atVersion(tenant, 'guarded', 1)
    await follow(tenant, 'nowhere')
    expect((await told(tenant, 'nowhere', 'NotInGrafana')).message).toContain('has no dashboard nowhere, or does not')
    await world.api.patch(ref(tenant, 'nowhere'), { spec: { source: { grafana: { secretRef: { name: 'none' } } } } })
    expect((await told(tenant, 'nowhere', 'SecretNotFound')).message).toContain(
      'spec.source.grafana.secretRef: Secret none',
    )
    await world.api.patch(ref(tenant, 'nowhere'), {
      spec: { source: { grafana: { secretRef: { name: 'grafana' }, url: 'http://127.0.0.1:9' } } },
    })
    expect((await told(tenant, 'nowhere', 'GrafanaUnavailable')).message).toContain('127.0.0.1:9')
    await world.api.patch(ref(tenant, 'nowhere'), { spec: { source: { grafana: { url: 'http://localhost:9' } } } })
    expect((await told(tenant, 'nowhere', 'SecretNotConsenting')).message).toContain('does not name localhost:9')
    expect(await files(tenant)).toEqual(['.gitsync', 'dashboards/guarded.json'])
  })

  test('edits in Git are written over, and another path moves the file', async () => {
    const tenant = await tenantWith('drift')
    await saves('moved', 1, 1)
    await tenant.sync({ path: '.' })
    await follow(tenant, 'moved')
    await atVersion(tenant, 'moved', 1)
    const before = await tenant.repository.git('show', 'main:dashboards/moved.json')
    await tenant.repository.commitFiles({ 'dashboards/moved.json': '{"title": "edited in Git"}\n' })
    await tenant.request()
    await waitFor(
      'the edit is written over',
      async () => (await tenant.repository.git('show', 'main:dashboards/moved.json')) === before,
    )
    await world.api.patch(ref(tenant, 'moved'), { spec: { path: 'team/moved.json' } })
    await waitFor('it has moved', async () => (await files(tenant)).join() === '.gitsync,team/moved.json')
    world.operator = await restart()
    await saves('moved', 2, 2)
    await tenant.request()
    await atVersion(tenant, 'moved', 2)
    expect(await files(tenant)).toEqual(['.gitsync', 'team/moved.json'])
    expect((await tenant.ready())['status'].orphans).toBe(0)
  })

  test('a folder and all below it: the tree is mirrored, renames and moves are renames, what went goes', async () => {
    const tenant = await tenantWith('many')
    const folder = (uid: string, title: string, parentUid?: string): Promise<unknown> =>
      grafana.api('POST', '/api/folders', { uid, title, parentUid })
    await folder('team-many', 'Team Ä')
    await folder('inner-many', 'Inner', 'team-many')
    await folder('else-many', 'Else')
    const put = (uid: string, title: string, folderUid: string, more: Save = {}): Promise<unknown> => {
      const { version = 0, message = `${uid} ${version + 1}`, as } = more
      // As unlike each other as dashboards are: git takes what is alike for a copy.
      const description = `${`${uid} `.repeat(50)}${version}`
      const dashboard = { uid, title, version, panels: [], description, tags: ['many'] }
      return grafana.api('POST', '/api/dashboards/db', { dashboard, folderUid, message }, as)
    }
    await put('many-a', 'Alpha', 'team-many', { as: ada })
    await put('many-a', 'Alpha', 'team-many', { version: 1 })
    await put('many-b', 'Beta', 'inner-many')
    // Two of one title: later releases take them.
    const isSame = await put('many-c', 'Beta', 'inner-many').then(
      () => true,
      () => false,
    )
    if (!isSame) await put('many-c', 'Beta and more', 'inner-many')
    await put('many-out', 'Outside', 'else-many')
    await tenant.sync({ path: 'audit' })
    await tenant.ready()
    await followAll(tenant, 'shelf', { folder: 'team-many', history: 'Full' }, ['many-a', 'many-b', 'many-c'])
    const ready = (files: number): Promise<KubeObject> =>
      waitFor(`${files} files are in Git`, async () => {
        const object = await world.api.get(ref(tenant, 'shelf'))
        if (conditionOf(object, 'Ready')?.status !== 'True' || object['status'].files !== files)
          throw new Error(JSON.stringify(object['status']))
        return object
      })
    await ready(3)
    const listed = async (): Promise<string[]> =>
      (await files(tenant))
        .filter((path) => path.endsWith('.json'))
        .map((path) => path.slice('audit/dashboards/'.length))
    expect((await listed()).map((path) => path.replace(/-[0-9a-f]{8}\.json$/, '-HASH.json'))).toEqual([
      'team-a/alpha.json',
      isSame ? 'team-a/inner/beta-HASH.json' : 'team-a/inner/beta-and-more.json',
      'team-a/inner/beta.json',
    ])
    const at = (path: string): string => `audit/dashboards/${path}`
    expect(await log(tenant, at('team-a/alpha.json'))).toEqual(['admin: many-a 2', 'ada: many-a 1'])

    // A new title, another folder, and a new one: each by who did it.
    await put('many-a', 'Alpha: latency', 'team-many', { version: 2, as: ada })
    await put('many-b', 'Gamma', 'team-many', { version: 1, as: ada })
    await put('many-new', 'New', 'team-many')
    await put('many-new', 'New', 'team-many', { version: 1 })
    await tenant.request()
    await ready(4)
    await waitFor('they are where they are in Grafana', async () =>
      ['team-a/alpha-latency.json', 'team-a/gamma.json', 'team-a/new.json'].every(
        await listed().then((paths) => (path: string) => paths.includes(path)),
      ),
    )
    expect(await log(tenant, at('team-a/alpha-latency.json'))).toEqual([
      'ada: many-a 3',
      'admin: many-a 2',
      'ada: many-a 1',
    ])
    expect(await log(tenant, at('team-a/gamma.json'))).toEqual(['ada: many-b 2', 'admin: many-b 1'])
    // What was made and saved again since the Dashboard is there is there whole.
    expect(await log(tenant, at('team-a/new.json'))).toEqual(['admin: many-new 2', 'admin: many-new 1'])

    // Folders have no versions: nobody is named for it.
    await grafana.api('PUT', '/api/folders/inner-many', { title: 'Inside', overwrite: true })
    await tenant.request()
    await waitFor('the folder is called so in Git', async () =>
      (await listed()).some((path) => path.startsWith('team-a/inside/')),
    )
    expect((await listed()).filter((path) => path.includes('/inner/'))).toEqual([])

    // Deleted, and moved out.
    await grafana.api('DELETE', '/api/dashboards/uid/many-a')
    await put('many-new', 'New', 'else-many', { version: 2 })
    await tenant.request()
    await ready(2)
    await waitFor('their files are gone', async () => (await listed()).length === 2)

    // Killed, saved and deleted meanwhile: each once, and nothing else.
    await world.operator.kill()
    await put('many-b', 'Gamma', 'team-many', { version: 2 })
    await put('many-b', 'Gamma', 'team-many', { version: 3, as: ada })
    await grafana.api('DELETE', '/api/dashboards/uid/many-c')
    world.operator = await world.startOperator()
    await waitFor('the file of what went is gone', async () => (await listed()).join() === 'team-a/gamma.json')
    await ready(1)
    expect(await log(tenant, at('team-a/gamma.json'))).toEqual([
      'ada: many-b 4',
      'admin: many-b 3',
      'ada: many-b 2',
      'admin: many-b 1',
    ])
    const tip = await tenant.repository.git('rev-parse', 'main')
    const request = await tenant.request()
    await waitFor('the look is done', async () => (await tenant.ready())['status'].lastHandledRequest === request)
    expect(await tenant.repository.git('rev-parse', 'main')).toBe(tip)

    // The folder that is named is gone: that is no word about what was in it.
    await grafana.api('DELETE', '/api/folders/team-many')
    await tenant.request()
    expect((await told(tenant, 'shelf', 'NotInGrafana')).message).toContain('has no folder team-many')
    expect(await listed()).toEqual(['team-a/gamma.json'])
    // Another selection is another wish: a tag.
    await world.api.patch(ref(tenant, 'shelf'), { spec: { source: { grafana: { folder: null, tag: 'many' } } } })
    await ready(2)
    await waitFor(
      'what has the tag is there',
      async () => (await listed()).join() === 'else/new.json,else/outside.json',
    )
    await world.api.delete(ref(tenant, 'shelf'))
    await waitFor('nothing is left', async () => (await listed()).length === 0)
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })

  async function restart(): Promise<World['operator']> {
    await world.operator.stop()
    return await world.startOperator()
  }
}
