/** Each verb on a cluster and a Git host in this process's reach, without an operator. What needs server-side apply is in test/e2e. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startStage } from '../testing/stage.ts'
import type { Given, Ran, Stage } from '../testing/stage.ts'
import { main } from './main.ts'
import { readObjects } from './read-file.ts'
import { REASONS } from '../../api/reasons.ts'
import { restorableObject } from './restore-object.ts'
import type { KubernetesObject } from '../../objects/object.ts'

let stage: Stage
const run = (args: readonly string[], given?: Given): Promise<Ran> => stage.run(main, args, given)
const FOLDER = 'clusters/one'
const FILE = `${FOLDER}/shop/configmap/settings.yaml`
const settings = (mode: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  mode: ${mode}\n`
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'auditor', namespace: 'shop' } }
const gitsync = (spec: object = {}, name = 'shop') => ({
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name, namespace: 'shop' },
  spec: {
    repository: { url: stage.repository.url, path: FOLDER },
    serviceAccountName: 'auditor',
    resources: [{ kind: 'ConfigMap', names: ['settings'] }],
    ...spec,
  },
})
/** It alone: two would be in each other's way. */
const only = (spec: object, name: string): void => {
  stage.api.objects.delete(REF)
  stage.api.objects.create(gitsync(spec, name))
}
const REF = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: 'shop', name: 'shop' }

beforeAll(async () => {
  stage = await startStage()
  const { objects } = stage.api
  objects.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  objects.create(account)
  const rbac = 'rbac.authorization.k8s.io'
  const metadata = { name: 'auditor', namespace: 'shop' }
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }]
  objects.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules })
  const subjects = [{ kind: 'ServiceAccount', ...metadata }]
  const roleRef = { apiGroup: rbac, kind: 'Role', name: 'auditor' }
  objects.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, subjects, roleRef })
})
afterAll(() => stage?.stop())

beforeEach(() => {
  const { objects } = stage.api
  for (const kind of ['GitSync', 'ConfigMap']) {
    const apiVersion = kind === 'GitSync' ? REF.apiVersion : 'v1'
    for (const { metadata } of objects.list({ apiVersion, kind, namespace: 'shop' }))
      objects.delete({ apiVersion, kind, namespace: 'shop', name: metadata.name })
  }
  objects.create({ ...configMap('two') })
  objects.create(gitsync())
})

const configMap = (mode: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop' },
  data: { mode },
})

test('the newest version of a file, as the operator writes it', async () => {
  await stage.repository.commitFiles({ [FILE]: settings('one'), 'README.md': 'hello\n' }, { message: 'One' })
  const diff = await run(['diff', 'shop', '-n', 'shop'])
  expect(diff, diff.err).toMatchObject({ code: 0 })
  // The folder has no claim yet: the first commit brings it.
  expect(diff.out).toContain(`--- /dev/null\n+++ b/${FOLDER}/.gitsync\n`)
  expect(diff.out).toContain(
    `--- a/${FILE}\n+++ b/${FILE}\n@@ -4,4 +4,4 @@\n   name: settings\n   namespace: shop\n data:\n-  mode: one\n+  mode: two\n`,
  )
})

test('status without an operator says so; with -o yaml it is data', async () => {
  expect((await run(['status', 'shop', '-n', 'shop'])).out).toContain('No operator has looked at it yet')
  const { out } = await run(['status', 'shop', '-n', 'shop', '-o', 'yaml'])
  expect(out).toContain(`url: ${stage.repository.url}\n`)
  expect(out).toContain('ready: Unknown\n')
  expect((await run(['status', '-n', 'default'])).err).toBe('No GitSyncs found in namespace default.\n')
  expect((await run(['status', '-A', '-o', 'wide'])).out).toMatch(/^NAMESPACE .* URL +MESSAGE$/m)
})

test('status says each problem and each remedy once', async () => {
  const { remedy } = REASONS.HistoryRewritten
  const object = stage.api.objects.get(REF) as KubernetesObject
  const condition = {
    reason: 'HistoryRewritten',
    message: `commit 1 is gone. ${remedy}`,
    lastTransitionTime: new Date(0).toISOString(),
  }
  const conditions = [
    { ...condition, type: 'Ready', status: 'False' },
    { ...condition, type: 'Stalled', status: 'True' },
  ]
  stage.api.objects.updateStatus({ ...object, status: { conditions } })
  const { out } = await run(['status', 'shop', '-n', 'shop'])
  expect(out).toMatch(/\nReady is False: HistoryRewritten, since \w+\n {2}commit 1 is gone\.\n {2}To do: /)
  expect(out).toMatch(/\nStalled is True: HistoryRewritten, since \w+\n/)
  expect(out.split(remedy)).toHaveLength(2)
})

describe('wrong usage ends with 2 and a line that says what to do', () => {
  test.each([
    [['status', '-n', 'A_B'], 'lower case letters'],
    [['status', 'shop', '-A'], 'leave out --all-namespaces'],
    [['-n', 'shop', 'status'], 'flags stand behind the verb'],
    [['preview'], 'either the name of a GitSync or -f'],
    [['preview', 'shop', '-f', 'x.yaml'], 'either the name'],
    [['preview', '-f', '/nonexistent.yaml'], '--filename "/nonexistent.yaml" cannot be read: there is no such file\n'],
    [['restore', 'shop', 'configmap/settings'], 'configmap/settings@~1'],
    [['restore', 'shop', '@~1'], 'write one before the @'],
    [['restore', 'shop', 'cm/settings@'], 'write cm/settings@~1'],
    [['show', 'shop', 'cm/settings@~x', '-n', 'shop'], '@~x names no version'],
    [['log', 'shop', '-c', '0'], '(usage: kubectl gitsync log --help)'],
    [['commit', 'shop', '-n', 'shop'], '-m <message> is needed'],
    [['commit', 'shop', '-n', 'shop', '-m', 'x'.repeat(1001)], 'more than 1000'],
    [['status', '-o', 'xml'], 'json, yaml, wide'],
    [['diff', 'shop', '-n', 'shop', '--user', 'x'], '--user needs --token'],
    [['diff', 'shop', '--kubeconfig', '/nonexistent'], '/nonexistent'],
    [['explain', 'configmaps', 'settings'], 'write configmaps/settings'],
    [['explain', 'shop', 'cm/settings'], 'write cm/settings, and not shop cm/settings'],
    [['show', 'shop', 'cm/a', 'cm/b'], 'an object is one word, such as deployment/web'],
    [['log', 'shop', 'cm', 'settings', '-n', 'shop'], 'write cm/settings'],
    [['restore', 'shop', 'cm', 'settings@~1'], 'write cm/settings@~1'],
    [['show', 'shop', 'cm', 'shop', 'settings'], 'an object is one word, such as deployment/web'],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ])('%j', async (args, message) => {
    const ran = await run(args)
    expect(ran, ran.err).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toContain(message)
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
  })
})

test('a GitSync that is not there, and a cluster without the definitions', async () => {
  expect(await run(['diff', 'other', '-n', 'shop'])).toMatchObject({
    code: 4,
    err: 'error: there is no GitSync other in namespace shop; kubectl gitsync status -A lists all\n',
  })
  const json = await run(['diff', 'other', '-n', 'shop', '--json'])
  expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'notFound', exitCode: 4 } })
})

describe('preview', () => {
  test('says what the commit will be, and pushes and writes nothing', async () => {
    const tip = await stage.repository.resolve('main')
    const before = stage.api.resourceVersion
    const { code, out, err } = await run(['preview', 'shop', '-n', 'shop', '--json'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const preview = JSON.parse(out)
    expect(preview).toMatchObject({ tip, files: 1, changes: [{ status: 'A' }, { status: 'M', path: FILE }] })
    expect(preview.commits).toMatchObject([{ author: { name: 'gitsync-operator' }, writes: 2, deletes: 0 }])
    expect(await stage.repository.resolve('main')).toBe(tip)
    expect(stage.api.resourceVersion).toBe(before)
  })

  test('a folder of another GitSync is refused with what to do', async () => {
    await stage.repository.commitFiles({ [`${FOLDER}/.gitsync`]: 'cluster: x\ngitsync: y\n' })
    const ran = await run(['preview', 'shop', '-n', 'shop'])
    expect(ran).toMatchObject({ code: 5, err: expect.stringContaining('take-over=') })
    await stage.repository.commitFiles({ [`${FOLDER}/.gitsync`]: null })
  })

  test('a folder that an older GitSync writes is refused as the operator refuses it', async () => {
    const manifest = JSON.stringify({ ...gitsync(), metadata: { name: 'new', namespace: 'shop' } })
    const err = `error: path ${FOLDER} on branch main overlaps with an older one: GitSync shop writes ${FOLDER}\n`
    expect(await run(['preview', '-f', '-'], { input: manifest })).toMatchObject({ code: 5, err })
    const data = await run(['preview', '-f', '-', '--json'], { input: manifest })
    expect(JSON.parse(data.err)).toMatchObject({ error: { code: 'PathOverlap' } })
    expect(await run(['preview', 'shop', '-n', 'shop'])).toMatchObject({ code: 0 })
  })

  test('a manifest as kubectl printed it once is previewed as it would be applied: as a new object', async () => {
    const metadata = { name: 'new', namespace: 'shop', uid: 'then', creationTimestamp: '2020-01-01T00:00:00Z' }
    const preview = (spec: object = {}) =>
      run(['preview', '-f', '-'], { input: JSON.stringify({ ...gitsync(spec), metadata }) })
    expect(await preview()).toMatchObject({ code: 5, err: expect.stringContaining('overlaps with an older one') })
    await stage.repository.commitFiles({ 'then/.gitsync': 'cluster: x\ngitsync: then\n' })
    const refused = await preview({ repository: { url: stage.repository.url, path: 'then' } })
    expect(refused).toMatchObject({ code: 5, err: expect.stringContaining('take-over=') })
    await stage.repository.commitFiles({ 'then/.gitsync': null })
  })

  test('a manifest from standard input, and one that is none', async () => {
    const to = { url: stage.repository.url, branch: 'other/{name}', path: 'elsewhere' }
    const { repository, ...spec } = gitsync({ repository: to }).spec
    const manifest = JSON.stringify({ ...gitsync(), metadata: { name: 'new' }, spec: { repository, ...spec } })
    const ran = await run(['preview', '-f', '-', '-n', 'shop'], { input: `kind: List\n---\n${manifest}\n` })
    expect(ran, ran.err).toMatchObject({ code: 0 })
    expect(ran.out).toContain('The branch does not exist yet')
    expect(ran.out).toContain('A\telsewhere/shop/configmap/settings.yaml')
    const none = await run(['preview', '-f', '-'], { input: 'kind: Pod\n' })
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('holds no GitSync of gitsync.dev/v1alpha1') })
    const wrong = await run(['preview', '-f', '-'], { input: manifest.replace('ConfigMap', 'Secret') })
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('remove kind: Secret from resources') })
  })

  test('what cannot be listed is said, and its files are not shown as deleted', async () => {
    const undo = stage.api.faults.forbid(({ verb, resource }) => verb === 'list' && resource === 'configmaps')
    const ran = await run(['preview', 'shop', '-n', 'shop', '--json'])
    undo()
    expect(ran.err).toContain('note: ConfigMap is left out: ConfigMap in namespace shop cannot be listed')
    expect(JSON.parse(ran.out).changes).toEqual([])
  })
})

describe('preview and diff of what the platform decides', () => {
  const provider = (spec: object) => ({
    apiVersion: 'gitsync.dev/v1alpha1',
    kind: 'GitProvider',
    metadata: { name: 'host' },
    spec: { hosts: [new URL(stage.repository.url).host], allowPlainHttp: true, ...spec },
  })
  const reference = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitProvider', name: 'host' }

  test('a GitProvider that does not allow the namespace is told as the operator tells it', async () => {
    stage.api.objects.create(provider({ allowedNamespaces: { names: ['other'] } }))
    const ran = await run(['preview', 'shop', '-n', 'shop'])
    const { out } = await run(['explain', 'cm/settings', '-n', 'shop'])
    const log = await run(['log', 'shop', '-n', 'shop'])
    stage.api.objects.delete(reference)
    expect(ran).toMatchObject({ code: 3, err: 'error: GitProvider host does not allow namespace shop\n' })
    expect(out).toContain('this GitSync writes nothing: GitProvider host does not allow namespace shop')
    expect(log).toMatchObject({ code: 0 })
  })

  test('a GitProvider bounds what one push takes', async () => {
    stage.api.objects.create(provider({ bytes: { perPush: 65_536 } }))
    stage.api.objects.create({ ...configMap('x'.repeat(20_000)), metadata: { name: 'large', namespace: 'shop' } })
    stage.api.objects.create({ ...configMap('y'.repeat(20_000)), metadata: { name: 'larger', namespace: 'shop' } })
    only({ resources: [{ kind: 'ConfigMap' }] }, 'bounded')
    const { err } = await run(['preview', 'bounded', '-n', 'shop', '--json'])
    stage.api.objects.delete(reference)
    expect(err).toContain('more follows in further commits')
  })

  test('with push.mode PullRequest it is the branch of the request that is compared, else its base', async () => {
    await stage.repository.commitFiles({ [FILE]: settings('one') })
    const repository = { url: stage.repository.url, path: FOLDER, secretRef: { name: 'none' } }
    only({ repository, push: { mode: 'PullRequest' } }, 'reviewed')
    const first = await run(['diff', 'reviewed', '-n', 'shop'])
    expect(first.out).toContain('-  mode: one\n+  mode: two\n')
    expect(first.err).toContain('the commits go to branch gitsync/shop/reviewed, and a request asks for them in main')
    expect((await run(['show', 'reviewed', 'cm/settings', '-n', 'shop'])).out).toBe(settings('one'))
    await stage.repository.git('branch', 'gitsync/shop/reviewed', 'main')
    await stage.repository.commitFiles({ [FILE]: settings('two') }, { branch: 'gitsync/shop/reviewed' })
    expect((await run(['diff', 'reviewed', '-n', 'shop'])).out).not.toContain('mode: one')
    expect((await run(['show', 'reviewed', 'cm/settings', '-n', 'shop'])).out).toBe(settings('two'))
  })
})

test('flags of the connection count where the Secret of the GitSync is the login, too', async () => {
  const metadata = {
    name: 'login',
    namespace: 'shop',
    labels: { 'gitsync.dev/credential': 'true' },
    annotations: { 'gitsync.dev/hosts': new URL(stage.repository.url).hostname },
  }
  stage.api.objects.create({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { token: 'x' } })
  const repository = { url: stage.repository.url, path: FOLDER, secretRef: { name: 'login' } }
  only({ repository }, 'secret')
  const verbose = await run(['diff', 'secret', '-n', 'shop', '--verbose'])
  expect(verbose, verbose.err).toMatchObject({ code: 0 })
  expect(verbose.err).toMatch(/note: Git is read with Secret shop\/login\nPOST \/git-upload-pack 200/)
  for (const [flags, message] of [
    [['--ca-file', '/nonexistent'], '--ca-file'],
    [['--proxy', 'ftp://x'], '--proxy'],
    [['--max-bytes', '10'], '--max-bytes'],
  ] as const) {
    const ran = await run(['diff', 'secret', '-n', 'shop', ...flags])
    expect(ran.code, ran.out).not.toBe(0)
    expect(ran.err).toContain(message)
  }
})

describe('a user with few rights', () => {
  test('is told what was not checked, and given what they may see', async () => {
    const rbac = 'rbac.authorization.k8s.io'
    const metadata = { name: 'alice', namespace: 'shop' }
    const read = { apiGroups: ['', 'gitsync.dev'], resources: ['configmaps', 'gitsyncs'], verbs: ['get', 'list'] }
    const { objects } = stage.api
    objects.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: [read] })
    const subjects = [{ kind: 'User', name: 'alice', apiGroup: rbac }]
    const roleRef = { apiGroup: rbac, kind: 'Role', name: 'alice' }
    objects.create({ apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata, subjects, roleRef })
    const env = { KUBECONFIG: await stage.userConfig('alice') }
    const ran = await run(['preview', 'shop', '-n', 'shop', '--json'], { env })
    expect(ran, ran.err).toMatchObject({ code: 0 })
    expect(JSON.parse(ran.out).changes).toMatchObject([{ path: `${FOLDER}/.gitsync` }, { path: FILE }])
    expect(ran.err.trimEnd().split('\n').sort()).toEqual([
      'note: what system:serviceaccount:shop:auditor may read is not checked: you may not create subjectaccessreviews',
      'note: what the platform allows for the Git host is not checked: you may not list gitproviders',
      'note: whether GitSyncs of other namespaces write to the folder is not checked: you may not list gitsyncs there',
      'note: whether ServiceAccount shop/auditor exists is not checked: you may not get it',
    ])
    const undo = stage.api.faults.forbid(({ verb, resource }) => verb === 'list' && resource === 'gitsyncs')
    const blind = await run(['diff', 'shop', '-n', 'shop'], { env })
    undo()
    expect(blind, blind.err).toMatchObject({ code: 0 })
    expect(blind.err).toContain('note: whether others write to the folder is not checked: you may not list gitsyncs')
    expect(await run(['suspend', 'shop', '-n', 'shop'], { env })).toMatchObject({ code: 3 })
    expect(await run(['status', '-A'], { env })).toMatchObject({
      code: 3,
      err: expect.stringContaining('you may not list gitsyncs in all namespaces'),
    })
    const explained = await run(['explain', 'configmap/settings', '-n', 'shop', '--no-git'], { env })
    expect(explained.err).toContain('only GitSyncs of namespace shop are looked at')
    expect(explained.out).toContain('GitSync shop/shop: in')
  })
})

describe('history', () => {
  test('log, show and restore of a version, without touching the cluster in a dry run', async () => {
    const newest = await stage.repository.commitFiles({ [FILE]: settings('three') }, { message: 'Three' })
    const log = await run(['log', 'shop', 'configmap/settings', '-n', 'shop', '--oneline'])
    expect(log.out).toBe(`${await stage.repository.git('log', '--format=%h %s', '--abbrev=7', 'main', '--', FILE)}\n`)
    const byFile = await run(['log', 'shop', 'shop/configmap/settings.yaml', '-n', 'shop', '--oneline', '-c', '1'])
    expect(byFile.out).toBe(`${newest.slice(0, 7)} Three\n`)
    expect((await run(['show', 'shop', 'configmap/settings@~1', '-n', 'shop'])).out).toBe(settings('one'))
    const dry = await run(['restore', 'shop', 'configmap/settings@~1', '-n', 'shop', '--dry-run=client'])
    expect(dry.out).toContain('-  mode: two\n+  mode: one\n')
    const missing = await run(['show', 'shop', 'configmap/settings@~9', '-n', 'shop'])
    expect(missing).toMatchObject({ code: 4, err: expect.stringContaining('~9 is before the first') })
    expect(await run(['show', 'shop', 'configmap/settings@0123456', '-n', 'shop'])).toMatchObject({ code: 4 })
    expect(await run(['show', 'shop', 'configmap/gone', '-n', 'shop'])).toMatchObject({ code: 4 })
  })

  test('a message that somebody pushed plays no tricks on the terminal', async () => {
    const commit = await stage.repository.commitFiles({ [FILE]: settings('one') }, { message: 'Red \u{1b}[31m' })
    for (const args of [
      ['log', 'shop'],
      ['log', 'shop', '--oneline'],
      ['show', 'shop', commit],
    ]) {
      const { out } = await run([...args, '-n', 'shop'])
      expect(out).toContain('Red [31m\n')
    }
  })

  test("a restore leaves out what the difference does not show: what is the server's, and what is ignored", () => {
    const owner = '  ownerReferences: [{apiVersion: v1, kind: Pod, name: x, uid: x}]'
    const forged = `${settings('one').replace('\ndata:', `\n${owner}\ndata:`)}  secret: x\n`
    const [read, plain] = [forged, settings('one')].map((text) => readObjects(Buffer.from(text), FILE)[0])
    expect(restorableObject(read as KubernetesObject, { hasStatus: false, ignore: ['/data/secret'] })).toEqual(plain)
  })

  test('an object is found where somebody has moved and commented its file', async () => {
    const moved = `${FOLDER}/moved/ours.yaml`
    await stage.repository.commitFiles({ [FILE]: null, [moved]: `# ours\n${settings('two')}` }, { message: 'Move' })
    const log = await run(['log', 'shop', 'cm/settings', '-n', 'shop', '--oneline'])
    expect(log.out).toMatch(/^[0-9a-f]{7} Move\n$/)
    expect((await run(['show', 'shop', 'cm/settings', '-n', 'shop'])).out).toContain('# ours')
    const [one] = JSON.parse((await run(['explain', 'cm/settings', '-n', 'shop', '--json'])).out)
    expect(one).toMatchObject({ in: true, path: moved, git: 'same' })
    await stage.repository.commitFiles({ [FILE]: settings('one'), [moved]: null })
  })

  test('a file is restored by its name where the object in it is the one whose file it is', async () => {
    const restore = (file: string) => run(['restore', 'shop', `${file}@main`, '-n', 'shop', '--dry-run=client'])
    expect(await restore('shop/configmap/settings.yaml')).toMatchObject({ code: 0 })
    const other = settings('one').replace('name: settings', 'name: other')
    await stage.repository.commitFiles({ [FILE]: other })
    expect(await restore('shop/configmap/settings.yaml')).toMatchObject({
      code: 5,
      err: expect.stringContaining('holds ConfigMap/shop/other, whose file it is not'),
    })
    await stage.repository.commitFiles({ [FILE]: settings('one') })
  })

  test('with layout.expression the file of an object that is gone is found by what is known of it, or has to be named', async () => {
    const file = `${FOLDER}/by/gone.yaml`
    await stage.repository.commitFiles({ [file]: settings('one').replace('settings', 'gone') }, { message: 'Gone' })
    stage.api.objects.create(gitsync({ layout: { expression: '"by/" + name + ".yaml"' } }, 'by-name'))
    expect((await run(['log', 'by-name', 'cm/gone', '-n', 'shop', '--oneline'])).out).toMatch(/ Gone\n$/)
    stage.api.objects.create(gitsync({ layout: { expression: 'object.data.mode + ".yaml"' } }, 'by-data'))
    const unknown = await run(['log', 'by-data', 'cm/gone', '-n', 'shop'])
    expect(unknown).toMatchObject({ code: 4, err: expect.stringContaining('name the file') })
    await stage.repository.commitFiles({ [file]: null })
  })

  test('a file with values that were withheld is not restored', async () => {
    await stage.repository.commitFiles({ [FILE]: settings('(redacted)') })
    const ran = await run(['restore', 'shop', 'configmap/settings@main', '-n', 'shop', '--yes'])
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('/data/mode is encrypted, redacted or hashed') })
    await stage.repository.commitFiles({ [FILE]: settings('one') })
  })
})

test('suspend and resume change the spec, once', async () => {
  const suspended = (): unknown => (stage.api.objects.get(REF)?.['spec'] as { suspend?: boolean } | undefined)?.suspend
  expect((await run(['suspend', 'shop', '-n', 'shop'])).out).toBe('gitsync.gitsync.dev/shop suspended\n')
  expect(suspended()).toBe(true)
  expect((await run(['suspend', 'shop', '-n', 'shop'])).out).toContain('already')
  expect(await run(['commit', 'shop', '-n', 'shop', '-m', 'x'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('kubectl gitsync resume shop -n shop'),
  })
  expect((await run(['resume', 'shop', '-n', 'shop'])).out).toBe('gitsync.gitsync.dev/shop resumed\n')
  expect(suspended()).toBe(false)
})

test('a request that nobody carries out ends with what is in the way', async () => {
  const ran = await run(['reconcile', 'shop', '-n', 'shop', '--timeout', '0.3'])
  expect(ran).toMatchObject({ code: 7, err: expect.stringContaining('no operator may be running') })
  const asked = stage.api.objects.get(REF)?.metadata.annotations?.['gitsync.dev/requested-at']
  expect(asked).toMatch(/^\d{4}-/)
})

test('the same message again is another request: the first may have found nothing to commit', async () => {
  const values = new Set<string>()
  for (let time = 0; time < 3; time++) {
    expect((await run(['commit', 'shop', '-n', 'shop', '-m', 'Now', '--no-wait'])).out).toContain('asked')
    const object = stage.api.objects.get(REF) as KubernetesObject
    const value = object.metadata.annotations?.['gitsync.dev/commit-message'] ?? ''
    expect(value.trim()).toBe('Now')
    values.add(value)
    stage.api.objects.updateStatus({ ...object, status: { lastHandledRequest: value } })
  }
  expect(values.size).toBe(2)
})

describe('explain', () => {
  test('in, out, and not at all', async () => {
    const inside = JSON.parse((await run(['explain', 'configmap/settings', '-n', 'shop', '--json'])).out)
    expect(inside).toMatchObject([{ gitsync: 'shop/shop', in: true, path: FILE, branch: 'main', git: 'different' }])
    stage.api.objects.create({ ...configMap('x'), metadata: { name: 'other', namespace: 'shop' } })
    const out = (await run(['explain', 'cm/other', '-n', 'shop', '--no-git'])).out
    expect(out).toContain('GitSync shop/shop: out: not selected: name other is none of settings')
    expect(await run(['explain', 'serviceaccount/auditor', '-n', 'shop'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('the one GitSync here does not name kind ServiceAccount'),
    })
  })

  test('the rule of the GitSync that leaves an object out is named', async () => {
    only({ exclude: [{ names: ['sett*'] }] }, 'excluding')
    const { out } = await run(['explain', 'cm/settings', '-n', 'shop', '--gitsync', 'excluding', '--no-git'])
    expect(out).toContain('GitSync shop/excluding: out: not selected: spec.exclude[0] leaves it out\n')
  })

  test('a kind that the account may not read is out for that reason', async () => {
    only({ resources: [{ kind: 'ServiceAccount' }] }, 'forbidden')
    const [one] = JSON.parse((await run(['explain', 'serviceaccount/auditor', '-n', 'shop', '--json'])).out)
    expect(one).toMatchObject({ gitsync: 'shop/forbidden', in: false })
    expect(one.why).toContain('ServiceAccount auditor may not list and watch ServiceAccount')
  })

  test('a GitSync that writes nothing says why', async () => {
    stage.api.objects.create(gitsync({ serviceAccountName: 'nobody' }, 'no-account'))
    const { out } = await run(['explain', 'configmap/settings', '-n', 'shop', '--gitsync', 'no-account'])
    expect(out).toContain(
      'out: this GitSync writes nothing: spec.serviceAccountName: ServiceAccount nobody does not exist',
    )
  })
})

describe('completion, as kubectl asks', () => {
  const complete = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await run(['__complete', ...words])).out.trimEnd().split('\n')

  test('verbs, flags, values, names', async () => {
    expect(await complete('re')).toEqual([
      expect.stringMatching(/^restore\t/),
      expect.stringMatching(/^resume\t/),
      expect.stringMatching(/^reconcile\t/),
      ':4',
    ])
    expect(await complete('diff', '--exi')).toEqual([expect.stringMatching(/^--exit-code\t/), ':4'])
    expect(await complete('status', '-o', 'w')).toEqual(['wide', ':4'])
    expect(await complete('diff', '-n', 'sh')).toEqual(['shop', ':4'])
    expect(await complete('diff', '-n', 'shop', '')).toEqual(['shop', ':4'])
    expect(await complete('diff', '--namespace=shop', 's')).toEqual(['shop', ':4'])
    expect(await complete('diff', '-n', 'shop', 'shop', '')).toEqual([':4'])
    expect(await complete('preview', '-f', '')).toEqual([':0'])
  })

  test('the program that kubectl asks is what the package installs under that name', async () => {
    const installed = await readFile(new URL('../kubectl_complete-gitsync', import.meta.url), 'utf8')
    expect((await run(['completion'])).out).toBe(installed)
  })

  test('without a cluster there are verbs and flags, and no names', async () => {
    expect(await complete('diff', '--kubeconfig', '/nonexistent', '')).toEqual([':4'])
  })
})

test('help shows examples and exit codes, and every flag that git connections have', async () => {
  expect((await run(['--help'])).out).toMatch(/Exit codes: 0 ok, 1 other, 2 usage/)
  const { out } = await run(['diff', '--help'])
  expect(out).toContain('kubectl gitsync diff shop --exit-code')
  expect(out).toContain('--ca-file')
  expect((await run([])).out).toContain('Usage: kubectl gitsync')
})
