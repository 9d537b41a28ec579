import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HttpBackendHost } from './harness/git-host.ts'
import { CONFIG_MAPS, configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { newReader } from './harness/sops.ts'
import type { Reader } from './harness/sops.ts'
import { mayRead } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const PASSWORD = Buffer.from('correct horse').toString('base64')

describe.each(WORLDS)('secrets: %s', (plane) => {
  let world: World<HttpBackendHost>
  let reader: Reader

  beforeAll(async () => {
    ;[world, reader] = await Promise.all([startWorld(plane), newReader()])
  })
  afterAll(() => world?.stop())

  const consent = (namespace: string, value: string | null): Promise<unknown> =>
    world.api.patch(
      { apiVersion: 'v1', kind: 'Namespace', name: namespace },
      { metadata: { labels: { 'gitsync.dev/secrets': value } } },
    )
  const secretRef = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'Secret', namespace, name })
  const secret = (
    namespace: string,
    name: string,
    data: Readonly<Record<string, string>>,
    type = 'Opaque',
  ): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type,
    data,
  })
  /** The file of an object, or undefined. */
  const fileOf = async ({ repository, namespace }: Tenant, type: string, name: string): Promise<string | undefined> =>
    await repository
      .git('show', `main:${namespace}/sync/${namespace}/${type}/${name}.yaml`)
      .then((text) => `${text}\n`)
      .catch(() => undefined)
  const written = (tenant: Tenant, name: string, isIt = (_text: string): boolean => true): Promise<string> =>
    waitFor(`Secret ${name} is in Git`, async () => {
      const text = await fileOf(tenant, 'secret', name)
      return text !== undefined && isIt(text) && text
    })
  const tip = ({ repository }: Tenant): Promise<string> => repository.git('rev-parse', 'main')
  const encrypted = (recipients: readonly string[]) => ({ secrets: 'Encrypt', encryption: { recipients } })

  async function vault(name: string): Promise<Tenant<TestRepository>> {
    const tenant = await world.tenant(name)
    await consent(name, 'allowed')
    const applied = secret(name, 'db', { password: PASSWORD, user: 'YXBw' })
    await world.kubectl(['apply', '-f', '-'], JSON.stringify(applied))
    return tenant
  }

  test('Encrypt: sops opens what is written to exactly the object; ciphertext of what did not change stays', async () => {
    const tenant = await vault('vault')
    const { repository } = tenant
    await world.api.create(secret('vault', 'release', { release: PASSWORD }, 'helm.sh/release.v1'))
    await tenant.sync({ resources: [{ kind: 'Secret' }], spec: encrypted([reader.recipient]) })
    await tenant.ready()
    const before = await written(tenant, 'db')
    const live = await world.api.get(secretRef('vault', 'db'))
    expect(live.metadata['annotations']).toBeDefined()
    expect(await reader.open(before)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'db', namespace: 'vault' },
      type: 'Opaque',
      data: live['data'],
    })
    const outsider = await newReader()
    await expect(outsider.open(before)).rejects.toThrow()
    // Logins, the operator's own keys and what Helm keeps are not among them.
    const paths = await repository.git('ls-tree', '-r', '--name-only', 'main')
    expect(paths.split('\n')).toEqual(['vault/sync/.gitsync', 'vault/sync/vault/secret/db.yaml'])

    await world.api.patch(secretRef('vault', 'db'), { data: { user: Buffer.from('admin').toString('base64') } })
    const after = await written(tenant, 'db', (text) => text !== before)
    const changed = after.split('\n').filter((line) => !before.split('\n').includes(line))
    expect(changed.map((line) => line.trim().split(':')[0])).toEqual(['user', 'mac'])
    expect((await reader.open(after)).data).toEqual({ password: PASSWORD, user: 'YWRtaW4=' })

    // Everything it needs to find the same bytes again is in the cluster.
    await tenant.ready()
    const commit = await tip(tenant)
    await world.operator.kill()
    world.operator = await world.startOperator()
    await tenant.look()
    expect(await tip(tenant)).toBe(commit)
    await repository.git('fsck', '--full', '--strict')
  })

  test('another recipient: everything is written anew, and who was taken away opens nothing new', async () => {
    const tenant = await vault('rotation')
    await tenant.sync({ resources: [{ kind: 'Secret' }], spec: encrypted([reader.recipient]) })
    const first = await written(tenant, 'db')
    const other = await newReader()
    await world.api.patch(syncRef('rotation'), { spec: encrypted([other.recipient]) })
    const second = await written(tenant, 'db', (text) => text !== first)
    expect((await other.open(second)).data.password).toBe(PASSWORD)
    await expect(reader.open(second)).rejects.toThrow()
    const data = (text: string): string | undefined => /password: (ENC\S+)/.exec(text)?.[1]
    expect(data(second)).not.toBe(data(first))
    // Keys that are lost are made anew: one more commit, and nothing else.
    await tenant.ready()
    const keys = (await world.api.list({ apiVersion: 'v1', kind: 'Secret', namespace: 'rotation' })).find(
      ({ metadata }) => metadata.name.startsWith('gitsync-keys-'),
    )
    expect(keys?.metadata['ownerReferences']).toMatchObject([{ kind: 'GitSync', name: 'sync' }])
    await world.api.delete(secretRef('rotation', keys?.metadata.name ?? ''))
    await world.api.patch(syncRef('rotation'), { metadata: { annotations: { nudge: 'now' } } })
    const third = await written(tenant, 'db', (text) => text !== second)
    expect((await other.open(third)).data.password).toBe(PASSWORD)
  })

  test('a consent that is withdrawn: files stay, nothing new is read; given again, what changed is written', async () => {
    const tenant = await vault('consent')
    const resources = [{ kind: 'Secret' }, CONFIG_MAPS]
    await consent('consent', null)
    await tenant.sync({ resources, spec: encrypted([reader.recipient]) })
    expect((await tenant.reason('Forbidden')).message).toContain(
      'Secrets are not read: namespace consent has not got the label gitsync.dev/secrets: allowed; their files stay',
    )
    await consent('consent', 'yes')
    await tenant.request()
    await tenant.reason('Forbidden')
    await consent('consent', 'allowed')
    const before = await written(tenant, 'db')
    await tenant.ready()

    const watching = (): Promise<number> => world.operator.metric('gitsync_watches')
    const watched = await watching()
    await consent('consent', null)
    await tenant.reason('Forbidden')
    await waitFor('they are not watched', async () => (await watching()) === watched - 1)
    const asked: string[] = []
    const stopRecording = world.embedded?.faults.forbid(({ verb, resource, namespace, name }) => {
      if (resource === 'secrets' && namespace === 'consent' && verb !== 'patch') asked.push(name)
      return false
    })
    await world.api.patch(secretRef('consent', 'db'), { data: { user: 'bmV3' } })
    await world.api.create(configMap('consent', 'later'))
    await tenant.committed(/ConfigMap consent\/later/)
    expect(await fileOf(tenant, 'secret', 'db')).toBe(before)
    stopRecording?.()
    // The login and the keys are, by their names.
    expect(asked.filter((name) => !/^(git-credentials|gitsync-keys-.*)$/.test(name))).toEqual([])

    await consent('consent', 'allowed')
    const after = await written(tenant, 'db', (text) => text !== before)
    expect((await reader.open(after)).data.user).toBe('bmV3')
    await tenant.ready()
  })

  test('a grant that is revoked: files stay, nothing new is read', async () => {
    const tenant = await vault('grant')
    await tenant.sync({ resources: [{ kind: 'Secret' }], spec: encrypted([reader.recipient]) })
    const before = await written(tenant, 'db')
    await tenant.ready()
    const rbac = 'rbac.authorization.k8s.io'
    const role = { apiVersion: `${rbac}/v1`, kind: 'Role', namespace: 'grant', name: 'auditor' }
    await world.api.patch(role, { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }] })
    await mayRead(world.api, 'grant', '', 'secrets', false)
    expect((await tenant.reason('Forbidden')).message).toContain('may not list and watch Secret in namespace grant')
    await world.api.patch(secretRef('grant', 'db'), { data: { user: 'bmV3' } })
    await tenant.request()
    await tenant.reason('Forbidden')
    expect(await fileOf(tenant, 'secret', 'db')).toBe(before)
  })

  test('Redact and Hash show keys and no values; marked fields of any kind are treated alike', async () => {
    const tenant = await vault('shown')
    await world.api.create(configMap('shown', 'settings', { mode: 'fast', token: 'tiger' }))
    const resources = [{ kind: 'Secret' }, CONFIG_MAPS]
    await tenant.sync({ resources, spec: { secrets: 'Redact', sensitive: ['/data/token'] } })
    const redacted = await written(tenant, 'db')
    expect(redacted).toContain('data:\n  password: (redacted)\n  user: (redacted)\n')
    const settings = (isIt: (text: string) => boolean): Promise<string> =>
      waitFor('the ConfigMap is in Git', async () => {
        const text = await fileOf(tenant, 'configmap', 'settings')
        return text !== undefined && isIt(text) && text
      })
    expect(await settings(() => true)).toContain('data:\n  mode: fast\n  token: (redacted)\n')
    // Nobody can restore a marker over a value.
    if (plane === 'kube-apiserver') {
      const restored = world.kubectl(['apply', '--dry-run=server', '-f', '-'], redacted)
      await expect(restored).rejects.toThrow(/illegal base64/)
    }

    await world.api.patch(syncRef('shown'), { spec: { secrets: 'Hash' } })
    const hashed = await written(tenant, 'db', (text) => text.includes('hmac-sha256:'))
    expect(hashed.match(/hmac-sha256:[0-9a-f]{64}/g)).toHaveLength(2)
    expect(await settings((text) => text.includes('hmac'))).toMatch(/mode: fast\n {2}token: hmac-sha256:/)

    await world.api.patch(syncRef('shown'), { spec: encrypted([reader.recipient]) })
    const opened = await reader.open(await settings((text) => text.includes('ENC[')))
    expect(opened.data).toEqual({ mode: 'fast', token: 'tiger' })

    // Without a policy the field goes; Secrets can no longer be named, and their files stay.
    await world.api.patch(syncRef('shown'), {
      spec: { secrets: 'Exclude', encryption: null, resources: [CONFIG_MAPS] },
    })
    await settings((text) => !text.includes('token'))
    expect(await written(tenant, 'db')).toContain('ENC[')
    for (const word of [PASSWORD, 'tiger'])
      expect(await tenant.repository.git('log', '-p', '--all')).not.toContain(word)
  })

  test('what cannot be encrypted is not written, and nothing else is affected', async () => {
    const tenant = await vault('broken')
    await world.api.create(configMap('broken', 'settings'))
    const wrong = `age1${'q'.repeat(58)}`
    const resources = [{ kind: 'Secret' }, CONFIG_MAPS]
    await tenant.sync({ resources, spec: { ...encrypted([wrong]), prune: 'Always' } })
    const { message } = await tenant.reason('EncryptionFailed')
    expect(message).toContain(`spec.encryption.recipients: ${wrong} is not an age recipient: its checksum is wrong`)
    expect(message).toContain('1 object cannot be made a file: Secret/broken/db')
    await tenant.committed(/settings/)
    expect(await fileOf(tenant, 'secret', 'db')).toBeUndefined()
    await world.api.patch(configMapRef('broken', 'settings'), { data: { key: 'edited' } })
    await tenant.committed(/Update ConfigMap broken\/settings/)
    await world.api.patch(syncRef('broken'), { spec: encrypted([reader.recipient]) })
    const before = await written(tenant, 'db')
    expect((await reader.open(before)).data.password).toBe(PASSWORD)
    await tenant.ready()

    // What was written stays, also where an operator that has just begun mirrors the folder.
    await world.api.patch(syncRef('broken'), { spec: encrypted([wrong]) })
    await tenant.reason('EncryptionFailed')
    await world.operator.kill()
    world.operator = await world.startOperator()
    await tenant.request()
    await world.api.patch(configMapRef('broken', 'settings'), { data: { key: 'again' } })
    const settings = (): Promise<string | undefined> => fileOf(tenant, 'configmap', 'settings')
    await waitFor('the other object is written', async () => (await settings())?.includes('again') === true)
    await tenant.reason('EncryptionFailed')
    expect(await fileOf(tenant, 'secret', 'db')).toBe(before)
  })
})
