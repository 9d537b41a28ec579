/** What people do with `kubectl gitsync` and `gitsync export`: real kube-apiserver, kubectl and git; the commands as built. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGrafanaStandIn } from '../kit/grafana/index.ts'
import { dashboard } from './harness/dashboard.ts'
import { configMap, configMapRef, gitsync, syncRef } from './harness/gitsync.ts'
import { installCommands } from './harness/plugin.ts'
import type { Commands, Ran } from './harness/plugin.ts'
import { credentialSecret } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld } from './harness/world.ts'
import type { World } from './harness/world.ts'

let world: World
let commands: Commands

beforeAll(async () => {
  ;[world, commands] = await Promise.all([startWorld('kube-apiserver'), installCommands()])
})
afterAll(async () => {
  await commands?.stop()
  await world?.stop()
})

const plugin = (...args: readonly string[]): Promise<Ran> =>
  commands.kubectl(['gitsync', ...args], { kubeconfig: world.kubeconfig })
const asUser = (
  user: 'alice' | 'bob',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> => commands.kubectl(['gitsync', ...args], { kubeconfig: world.cluster?.kubeconfig(user) ?? '', env })
const json = async (...args: readonly string[]): Promise<any> => {
  const ran = await plugin(...args, '--json')
  expect(ran, ran.err).toMatchObject({ code: 0 })
  return JSON.parse(ran.out)
}

describe('a GitSync', () => {
  let tenant: Tenant
  beforeAll(async () => {
    tenant = await world.tenant('looked-at')
    await world.api.create(configMap('looked-at', 'settings', { mode: 'one' }))
    await tenant.sync()
    await tenant.ready()
  })

  test('status: a table, one in full, and data for scripts', async () => {
    const all = await plugin('status', '-A')
    expect(all.out).toMatch(/^NAMESPACE +NAME +READY +REASON +BRANCH +COMMIT +FILES +PENDING +AGE$/m)
    expect(all.out).toMatch(/^looked-at +sync +True +Succeeded +main +[0-9a-f]{7} +1 +0 +\d+s$/m)
    const one = await plugin('status', 'sync', '-n', 'looked-at')
    const tip = await tenant.repository.git('rev-parse', 'main')
    expect(one.out).toContain(tip)
    expect(one.out).toContain('Ready is True: Succeeded')
    const [data] = await json('status', '-n', 'looked-at')
    expect(data).toMatchObject({
      name: 'sync',
      ready: 'True',
      files: 1,
      lastCommit: { sha: tip },
      path: 'looked-at/sync',
    })
  })

  test('status of one that is not Ready says what to do', async () => {
    await tenant.sync({ name: 'no-account', path: 'elsewhere', spec: { serviceAccountName: 'nobody' } })
    await tenant.reason('ServiceAccountNotFound', 'no-account')
    const { out } = await plugin('status', 'no-account', '-n', 'looked-at')
    expect(out).toContain('Ready is False: ServiceAccountNotFound')
    expect(out).toContain('To do: Create the ServiceAccount or name another.')
    await world.api.delete(syncRef('looked-at', 'no-account'))
  })

  test('diff and preview show an edit before it is written, and suspend and resume decide when', async () => {
    expect(await plugin('diff', 'sync', '-n', 'looked-at', '--exit-code')).toMatchObject({ code: 0, out: '' })
    expect((await plugin('suspend', 'sync', '-n', 'looked-at')).out).toContain('sync suspended')
    await tenant.reason('Suspended')
    await world.api.patch(configMapRef('looked-at', 'settings'), { data: { mode: 'two' } })
    const diff = await plugin('diff', 'sync', '-n', 'looked-at', '--exit-code')
    expect(diff.code).toBe(1)
    expect(diff.out).toContain('--- a/looked-at/sync/looked-at/configmap/settings.yaml\n+++ b/looked-at/sync/')
    expect(diff.out).toContain('\n-  mode: one\n+  mode: two\n')
    expect(diff.err).toContain('note: Git is read with Secret looked-at/git-credentials')
    const preview = await plugin('preview', 'sync', '-n', 'looked-at')
    expect(preview.out).toContain('Update ConfigMap looked-at/settings')
    expect(preview.out).toContain('M\tlooked-at/sync/looked-at/configmap/settings.yaml')
    await plugin('resume', 'sync', '-n', 'looked-at')
    await waitFor('Git has it', async () =>
      (await tenant.repository.git('show', 'main:looked-at/sync/looked-at/configmap/settings.yaml')).includes(
        'mode: two',
      ),
    )
    await tenant.ready()
    expect((await plugin('preview', 'sync', '-n', 'looked-at')).out).toMatch(/^Nothing to commit: Git has all 1 files/)
  })

  test('log and show tell the history as git does; restore brings the old value back', async () => {
    const path = 'looked-at/sync/looked-at/configmap/settings.yaml'
    const log = await plugin('log', 'sync', 'configmap/settings', '-n', 'looked-at')
    expect(log.out.trimEnd()).toBe(await tenant.repository.git('log', 'main', '--', path))
    const [newest = '', oldest = ''] = (await tenant.repository.git('log', '--format=%H', 'main', '--', path)).split(
      '\n',
    )
    const show = await plugin('show', 'sync', newest.slice(0, 10), '-n', 'looked-at')
    expect(show.out).toContain(`commit ${newest}`)
    expect(show.out).toContain('+  mode: two')
    const first = await plugin('show', 'sync', oldest, '-n', 'looked-at')
    expect(first.out).toContain('--- /dev/null')
    const before = await plugin('show', 'sync', 'configmap/settings@~1', '-n', 'looked-at')
    expect(before.out.trimEnd()).toBe(await tenant.repository.git('show', `${oldest}:${path}`))

    const value = (): Promise<string> =>
      world.kubectl(['get', 'configmap', 'settings', '-n', 'looked-at', '-o', 'jsonpath={.data.mode}'])
    const owned = await plugin('restore', 'sync', 'configmap/settings@~1', '-n', 'looked-at', '--yes')
    expect(owned).toMatchObject({ code: 5, err: expect.stringContaining('--force-conflicts takes these fields over') })
    const restore = ['restore', 'sync', 'configmap/settings@~1', '-n', 'looked-at', '--force-conflicts']
    const dry = await plugin(...restore.slice(0, -1), '--dry-run=server')
    expect(dry.err).toMatch(/note: ConfigMap settings: .*conflict with "e2e"/)
    expect(dry.out).toContain('-  mode: two\n+  mode: one\n')
    expect(await value()).toBe('two')
    expect(await plugin(...restore)).toMatchObject({ code: 2, err: expect.stringContaining('give --yes') })
    expect((await plugin(...restore, '--yes')).out).toContain(`configmaps/settings restored as of ${oldest}`)
    expect(await value()).toBe('one')
    await waitFor('the restored value is in Git', async () =>
      (await tenant.repository.git('show', `main:${path}`)).includes('mode: one'),
    )
  })

  test('restore says what others own and keeps it, unless --exact', async () => {
    await world.api.patch(configMapRef('looked-at', 'settings'), { data: { added: 'later' } })
    await waitFor('it is in Git', async () =>
      (await tenant.repository.git('show', 'main:looked-at/sync/looked-at/configmap/settings.yaml')).includes('added'),
    )
    const restore = ['restore', 'sync', 'configmap/settings@~1', '-n', 'looked-at', '--force-conflicts', '--yes']
    const keys = (): Promise<string> =>
      world.kubectl(['get', 'cm', 'settings', '-n', 'looked-at', '-o', 'jsonpath={.data}'])
    const kept = await plugin(...restore)
    expect(kept.err).toContain('stays as it is, since others own it: /data/added')
    expect(kept.out).toMatch(/^configmaps\/settings is as it was at \w+ already, but for what stays$/m)
    expect(JSON.parse(await keys())).toEqual({ mode: 'one', added: 'later' })
    const exact = await plugin(...restore, '--exact')
    expect(exact, exact.err).toMatchObject({ code: 0 })
    expect(JSON.parse(await keys())).toEqual({ mode: 'one' })
  })

  test('commit -m saves now with the message, and prints the commit', async () => {
    await world.api.patch(syncRef('looked-at'), { spec: { commit: { window: '5m', maxLatency: '10m' } } })
    await tenant.ready()
    await world.api.patch(configMapRef('looked-at', 'settings'), { data: { mode: 'saved' } })
    const saved = await plugin('commit', 'sync', '-n', 'looked-at', '-m', 'Prices of the summer sale')
    expect(saved, saved.err).toMatchObject({ code: 0 })
    expect(await tenant.repository.git('log', '-1', '--format=%s', saved.out.trim())).toBe('Prices of the summer sale')
    const again = () => plugin('commit', 'sync', '-n', 'looked-at', '-m', 'Prices of the summer sale')
    expect(await again()).toMatchObject({ code: 0, out: 'nothing to commit: Git has it all\n' })
    await world.api.patch(configMapRef('looked-at', 'settings'), { data: { mode: 'saved again' } })
    const second = (await again()).out.trim()
    expect(await tenant.repository.git('log', '-1', '--format=%s', second)).toBe('Prices of the summer sale')
    expect(await plugin('reconcile', 'sync', '-n', 'looked-at')).toMatchObject({
      code: 0,
      out: 'nothing to commit: Git has it all\n',
    })
  })

  test('explain: in with its file, and out with the reason', async () => {
    const inside = await plugin('explain', 'configmap/settings', '-n', 'looked-at')
    expect(inside.out).toContain('GitSync looked-at/sync: in: selected; Git has it as the cluster has it')
    expect(inside.out).toContain('file: looked-at/sync/looked-at/configmap/settings.yaml on branch main')
    await world.kubectl(['create', 'configmap', 'unmarked', '-n', 'looked-at'])
    const outside = await plugin('explain', 'cm/unmarked', '-n', 'looked-at')
    expect(outside.out).toContain('GitSync looked-at/sync: out: not selected')
    const [out] = await json('explain', 'configmaps/unmarked', '-n', 'looked-at')
    expect(out).toMatchObject({ gitsync: 'looked-at/sync', in: false, git: 'missing' })
    expect(out.why).toBe('not selected: label e2e/written must be true and is not set')
    const gone = await plugin('explain', 'configmap/nothing', '-n', 'looked-at')
    expect(gone.out).toContain('out: there is no such object in the cluster')
    expect((await plugin('explain', 'secret/git-credentials', '-n', 'looked-at')).code).toBe(4)
  })

  test('kubectl completes verbs, flags and names', async () => {
    const complete = (...words: readonly string[]) =>
      commands.kubectl(['__complete', 'gitsync', ...words], { kubeconfig: world.kubeconfig })
    expect((await complete('st')).out).toMatch(/^status\t/)
    expect((await complete('status', '-n', 'looked-at', '')).out.split('\n')[0]).toBe('sync')
    expect((await complete('restore', '--dry-run', '')).out).toContain('server')
  })
})

test('preview is the tree that the operator then pushes, whatever was edited', async () => {
  const tenant = await world.tenant('foreseen')
  await world.api.create(configMap('foreseen', 'first'))
  await tenant.sync()
  await tenant.ready()
  const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
  const edit = fc.record({
    name,
    data: fc.option(fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string({ maxLength: 40 }), { maxKeys: 3 })),
  })
  const present = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      await plugin('suspend', 'sync', '-n', 'foreseen')
      await tenant.reason('Suspended')
      for (const { name, data } of edits) {
        if (present.has(name)) await world.api.delete(configMapRef('foreseen', name))
        present.delete(name)
        if (data === null) continue
        await world.api.create(configMap('foreseen', name, data))
        present.add(name)
      }
      const preview = await json('preview', 'sync', '-n', 'foreseen')
      await plugin('resume', 'sync', '-n', 'foreseen')
      const done = await plugin('reconcile', 'sync', '-n', 'foreseen')
      expect(done, done.err).toMatchObject({ code: 0 })
      await tenant.ready()
      expect(await tenant.repository.git('rev-parse', 'main^{tree}')).toBe(preview.tree)
    }),
    { numRuns: 5 },
  )
})

test('preview of a manifest that is not applied', async () => {
  const tenant = await world.tenant('not-yet')
  await world.api.create(configMap('not-yet', 'one'))
  const file = join(tmpdir(), `gitsync-not-yet-${process.pid}.json`)
  await writeFile(file, JSON.stringify(gitsync({ namespace: 'not-yet', url: tenant.repository.url })))
  const preview = await plugin('preview', '-f', file)
  expect(preview.out, preview.err).toContain('The branch does not exist yet and will be created.')
  expect(preview.out).toContain('A\tnot-yet/sync/not-yet/configmap/one.yaml')
  expect(await tenant.repository.git('branch', '--list')).toBe('')
})

test('a folder that overlaps is refused by preview, diff and explain in the words of the operator', async () => {
  const [tenant, other] = [await world.tenant('older'), await world.tenant('newer')]
  await world.api.create(configMap('newer', 'one'))
  await tenant.sync({ path: 'team' })
  await tenant.ready()
  await other.sync({ path: 'team' })
  await other.ready()
  await other.sync({ name: 'second', path: 'Team/below' })
  const { message } = await other.reason('PathOverlap', 'second')
  const words = message.replace('. Choose another path or branch.', '')
  expect(words).toContain('GitSync sync writes team')
  const refused = { code: 5, err: `error: ${words}\n` }
  expect(await plugin('preview', 'second', '-n', 'newer')).toMatchObject(refused)
  expect(await plugin('diff', 'second', '-n', 'newer')).toMatchObject(refused)
  const { out } = await plugin('explain', 'configmap/one', '-n', 'newer', '--gitsync', 'second', '--no-git')
  expect(out).toContain(`GitSync newer/second: out: this GitSync writes nothing: ${words}\n`)
  expect(await plugin('preview', 'sync', '-n', 'newer')).toMatchObject({ code: 0 })

  // Who may look at their own namespace alone is told nothing of another's, and that something was not compared.
  const url = tenant.repository.url
  await other.sync({ name: 'third', path: 'team/below', url })
  const told = await other.reason('PathOverlap', 'third')
  expect(await plugin('preview', 'third', '-n', 'newer')).toMatchObject({
    code: 5,
    err: `error: ${told.message.replace('. Choose another path or branch.', '')}\n`,
  })
  const resources = ['gitsyncs.gitsync.dev', 'configmaps']
  await world.cluster?.grant('alice', { verbs: ['get', 'list'], resources, namespace: 'newer' })
  const token = {
    GITSYNC_USER: world.host.credentials['username'] ?? '',
    GITSYNC_TOKEN: world.host.credentials['password'] ?? '',
  }
  const blind = await asUser('alice', ['preview', 'third', '-n', 'newer'], token)
  expect(blind, blind.err).toMatchObject({ code: 0 })
  expect(blind.err).toContain('whether GitSyncs of other namespaces write to the folder is not checked')
})

describe('rights', () => {
  test('a user without rights is told which', async () => {
    expect(await asUser('bob', ['status', '-n', 'looked-at'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('you may not list gitsyncs in looked-at'),
    })
    expect(await asUser('bob', ['diff', 'sync', '-n', 'looked-at'])).toMatchObject({ code: 3 })
  })

  test('who may not read the Secret uses a token of their own, and nothing is done that they may not', async () => {
    const { cluster } = world
    await cluster?.grant('alice', {
      verbs: ['get', 'list'],
      resources: ['gitsyncs.gitsync.dev', 'configmaps'],
      namespace: 'looked-at',
    })
    const token = world.host.credentials['password'] ?? ''
    const login = { GITSYNC_USER: world.host.credentials['username'] ?? '', GITSYNC_TOKEN: token }
    const diff = await asUser('alice', ['diff', 'sync', '-n', 'looked-at'], login)
    expect(diff, diff.err).toMatchObject({ code: 0, out: '' })
    expect(diff.err).toContain('you may not read Secret looked-at/git-credentials')
    expect(diff.err).toContain('is not checked: you may not create subjectaccessreviews')
    expect(diff.err).not.toContain(token)
    const suspend = await asUser('alice', ['suspend', 'sync', '-n', 'looked-at'])
    expect(suspend).toMatchObject({ code: 3, err: expect.stringContaining('you may not patch gitsync sync') })
    expect((await asUser('alice', ['diff', 'sync', '-n', 'looked-at'], { GITSYNC_TOKEN: 'wrong' })).code).toBe(3)
  })
})

describe('gitsync export', () => {
  const COUNT = 500
  let tenant: Tenant
  const run = (...args: readonly string[]): Promise<Ran> =>
    commands.export([...args, '--user', world.host.credentials['username'] ?? '', '--json'], {
      kubeconfig: world.kubeconfig,
      env: { GITSYNC_TOKEN: world.host.credentials['password'] ?? '' },
    })

  beforeAll(async () => {
    tenant = await world.tenant('exported')
    const objects = Array.from({ length: COUNT }, (_, i) =>
      configMap('exported', `settings-${i}`, { level: String(i) }),
    )
    for (let at = 0; at < COUNT; at += 32) {
      await Promise.all(objects.slice(at, at + 32).map((object) => world.api.create(object)))
    }
  })

  test('500 objects are one commit; the second run has nothing to push', async () => {
    const { url } = tenant.repository
    const args = [url, 'main', 'dump', '-n', 'exported', '--resource', 'ConfigMap', '-l', 'e2e/written=true']
    const dry = await run(...args, '--dry-run')
    expect(JSON.parse(dry.out)).toMatchObject({ commit: null, files: COUNT, written: COUNT })
    const started = performance.now()
    const first = await run(...args)
    expect(first, first.err).toMatchObject({ code: 0 })
    const told = JSON.parse(first.out)
    console.log(`export of ${COUNT}: ${(performance.now() - started).toFixed(0)} ms, ${told.requests} requests`)
    expect(told).toMatchObject({ files: COUNT, written: COUNT, commits: [told.commit] })
    expect(told.requests).toBeLessThanOrEqual(4)
    expect(await tenant.repository.git('rev-parse', 'main')).toBe(told.commit)
    await tenant.repository.git('fsck', '--strict')
    const paths = (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main')).split('\n')
    expect(paths).toHaveLength(COUNT)
    expect(paths).toContain('dump/exported/configmap/settings-7.yaml')
    const second = JSON.parse((await run(...args)).out)
    expect(second).toMatchObject({ commit: null, files: COUNT, written: 0 })
    expect(await tenant.repository.git('rev-list', '--count', 'main')).toBe('1')
    const branched = await run(url, 'other', ...args.slice(2))
    expect(JSON.parse(branched.out)).toMatchObject({ commit: null, written: 0 })
    expect(await tenant.repository.git('rev-parse', 'other')).toBe(told.commit)
  })

  test('more bytes than one push may have become several, and prune deletes what is nobody’s', async () => {
    const { url } = tenant.repository
    const args = [url, 'split', 'parts', '-n', 'exported', '--resource', 'configmaps', '-l', 'e2e/written=true']
    const told = JSON.parse((await run(...args, '--bytes-per-push', '40k', '-m', 'Nightly')).out)
    expect(told.commits.length).toBeGreaterThan(1)
    const subjects = (await tenant.repository.git('log', '--format=%s', 'split')).split('\n')
    expect(subjects.at(-2)).toBe(`Nightly (1 of ${told.commits.length})`)
    await world.api.delete(configMapRef('exported', 'settings-0'))
    const pruned = JSON.parse((await run(...args, '--prune=Always')).out)
    expect(pruned).toMatchObject({ files: COUNT - 1, written: 0, deleted: 1 })
    await world.api.create(configMap('exported', 'settings-0', { level: '0' }))
  })

  test('a folder that a GitSync has claimed is refused; Secrets and unknown kinds too', async () => {
    await tenant.sync({ name: 'owner', path: 'owned', branch: 'claimed' })
    await tenant.ready('owner')
    const { url } = tenant.repository
    const into = await run(url, 'claimed', 'owned', '-n', 'exported', '--resource', 'ServiceAccount')
    expect(into).toMatchObject({ code: 5, err: expect.stringContaining('belongs to a GitSync') })
    const below = await run(url, 'claimed', 'owned/deep', '-n', 'exported', '--resource', 'ServiceAccount')
    expect(below).toMatchObject({ code: 5 })
    expect((await run(url, 'claimed', 'free', '-n', 'exported', '--resource', 'ServiceAccount')).code).toBe(0)
    expect(await run(url, 'main', '-n', 'exported', '--resource', 'Secret')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--resource Secret is refused'),
    })
    expect(await run(url, 'main', '-n', 'exported', '--resource', 'Widget')).toMatchObject({ code: 4 })
  })

  test('--to-dir writes the same files to a folder', async () => {
    const folder = join(tmpdir(), `gitsync-dump-${process.pid}`)
    const args = ['--to-dir', folder, '-n', 'exported', '--resource', 'configmaps', '-l', 'e2e/written=true', '--json']
    const ran = await commands.export(args, { kubeconfig: world.kubeconfig })
    expect(JSON.parse(ran.out)).toMatchObject({ commit: null, files: COUNT, written: COUNT, requests: 0 })
    const kept = await world.kubectl([
      'apply',
      '--dry-run=server',
      '-f',
      join(folder, 'exported/configmap/settings-7.yaml'),
    ])
    expect(kept).toContain('configmap/settings-7')
    expect(JSON.parse((await commands.export(args, { kubeconfig: world.kubeconfig })).out)).toMatchObject({
      written: 0,
    })
  })

  test('a user without rights exports nothing', async () => {
    const as = { kubeconfig: world.cluster?.kubeconfig('bob') ?? '' }
    const ran = await commands.export(['--to-dir', '/nonexistent', '-A', '--resource', 'configmaps'], as)
    expect(ran).toMatchObject({ code: 3, err: expect.stringContaining('nothing is exported') })
  })
})

test('a Dashboard is explained by the GitSync that it names, and compared as its file', async () => {
  const tenant = await world.tenant('boards')
  const namespace = 'boards'
  const ref = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard', namespace, name: 'board' }
  const spec = { syncRef: { name: 'sync' }, source: { model: { title: 'Board' } } }
  await world.api.create({ ...ref, metadata: { name: 'board', namespace }, spec })
  await tenant.sync()
  await tenant.ready()
  const explained = await plugin('explain', 'dashboard/board', '-n', namespace)
  expect(explained.out).toContain('boards/sync/dashboards/board.json')
  expect(explained.out).toContain('Git has it as the cluster has it')
  expect((await plugin('show', 'sync', 'dashboard/board', '-n', namespace)).out).toBe('{\n  "title": "Board"\n}\n')
  expect(await plugin('diff', 'sync', '-n', namespace, '--exit-code')).toMatchObject({ code: 0, out: '' })
  expect(await plugin('restore', 'sync', 'dashboard/board@main', '-n', namespace, '--yes')).toMatchObject({
    err: expect.stringContaining('does not hold Dashboard.gitsync.dev/boards/board'),
  })
  await world.api.patch(syncRef(namespace), { spec: { suspend: true } })
  await tenant.reason('Suspended')
  await world.api.patch(ref, { spec: { source: { model: { title: 'Desk' } } } })
  const { out } = await plugin('diff', 'sync', '-n', namespace)
  expect(out).toContain('dashboards/board.json')
  expect(out).toContain('+  "title": "Desk"')
})

test('of a Dashboard that follows a Grafana, or is none, the file is where its status says', async () => {
  const tenant = await world.tenant('followed')
  const namespace = 'followed'
  const ref = (name: string) => ({ apiVersion: 'gitsync.dev/v1alpha1', kind: 'Dashboard', namespace, name })
  const create = (name: string, source: object): Promise<unknown> =>
    world.api.create({ ...ref(name), metadata: { name, namespace }, spec: { syncRef: { name: 'sync' }, source } })
  const grafana = await startGrafanaStandIn()
  try {
    await grafana.api('POST', '/api/dashboards/db', { dashboard: { uid: 'live', title: 'Live', panels: [] } })
    const { name: username, password } = grafana.administrator
    await world.api.create(credentialSecret(namespace, '127.0.0.1', { username, password }, 'grafana'))
    await create('live', { grafana: { url: grafana.url, uid: 'live', secretRef: { name: 'grafana' } } })
    await create('broken', { json: '{"title": "Broken"}' })
    await grafana.api('POST', '/api/folders', { uid: 'team', title: 'Team' })
    const model = { type: 'text', title: 'Note' }
    await grafana.api('POST', '/api/library-elements', { uid: 'n', name: 'Note', kind: 1, folderUid: 'team', model })
    await grafana.api('POST', '/api/v1/provisioning/alert-rules', {
      uid: 'r',
      title: 'R',
      folderUID: 'team',
      ruleGroup: 'Load',
      data: [],
    })
    const extras = { folder: 'team', alertRules: {}, libraryPanels: {} }
    await create('many', { grafana: { url: grafana.url, ...extras, secretRef: { name: 'grafana' } } })
    await tenant.sync()
    await waitFor('many are in Git', async () => (await world.api.get(ref('many')))['status']?.files === 2)
    for (const name of ['live', 'broken'])
      await waitFor(`${name} is in Git`, async () => (await world.api.get(ref(name)))['status']?.path !== undefined)
    expect((await plugin('explain', 'dashboard/live', '-n', namespace)).out).toContain(
      'GitSync followed/sync: in: followed/sync/dashboards/live.json is in Git',
    )
    expect((await plugin('explain', 'dashboard/many', '-n', namespace)).out).toContain('in: 2 files are in Git')
    expect((await plugin('show', 'sync', 'alert-rules/team/load.yaml', '-n', namespace)).out).toContain('apiVersion: 1')
    expect((await plugin('show', 'sync', 'dashboard/live', '-n', namespace)).out).toContain('"title": "Live"')
    expect(await plugin('diff', 'sync', '-n', namespace, '--exit-code')).toMatchObject({ code: 0, out: '' })
    await world.api.patch(ref('broken'), { spec: { source: { json: '{"title": 1}' } } })
    const { out } = await plugin('explain', 'dashboard/broken', '-n', namespace)
    expect(out).toContain('out: it cannot be made a file: it is no dashboard: title is missing')
    expect(out).toContain('  file: followed/sync/dashboards/broken.json on branch main')
    expect(out).toContain('Git has a file of it')
  } finally {
    await grafana.stop()
  }
})

test('a Dashboard whose text is in ConfigMaps is explained and compared as its files', async () => {
  const tenant = await world.tenant('sidecar')
  const namespace = 'sidecar'
  const labels = { grafana_dashboard: '1' }
  const data = { 'a.json': '{"title": "A"}', 'b.json': '{"title": "B"}' }
  await world.api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'boards', namespace, labels }, data })
  await world.api.create(dashboard(namespace, 'many', { configMapRef: { labelSelector: { matchLabels: labels } } }))
  await world.api.create(dashboard(namespace, 'one', { configMapRef: { name: 'other', key: 'one.json' } }))
  await tenant.sync()
  await tenant.ready()
  await tenant.committed(/Dashboard/)
  expect(await plugin('diff', 'sync', '-n', namespace, '--exit-code')).toMatchObject({ code: 0, out: '' })
  const many = await plugin('explain', 'dashboard/many', '-n', namespace)
  expect(many.out).toContain('stands for 2 dashboards: dashboards/a.json, dashboards/b.json')
  const one = await plugin('explain', 'dashboard/one', '-n', namespace)
  expect(one.out).toContain('spec.source.configMapRef.name: ConfigMap other does not exist in namespace sidecar')
  expect(await plugin('show', 'sync', 'dashboard/many', '-n', namespace)).toMatchObject({
    code: 2,
    err: expect.stringContaining('Dashboard many stands for 2 files: name one of them by its path'),
  })
  expect((await plugin('show', 'sync', 'dashboards/a.json', '-n', namespace)).out).toBe('{\n  "title": "A"\n}\n')
  await world.api.patch(syncRef(namespace), { spec: { suspend: true } })
  await tenant.reason('Suspended')
  await world.api.create({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'other', namespace },
    data: { 'one.json': '{"title": "One"}' },
  })
  await world.api.patch(configMapRef(namespace, 'boards'), { data: { 'a.json': '{"title": "A", "tags": ["x"]}' } })
  const { out } = await plugin('diff', 'sync', '-n', namespace)
  expect(out).toContain('+  "title": "One"')
  expect(out).toMatch(/dashboards\/a\.json[^]*\+ {2}"tags": \[/)
})
