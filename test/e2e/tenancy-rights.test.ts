/** What an account may read, as that changes; and folders of others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef, syncRef } from './harness/gitsync.ts'
import { grant, mayRead } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const RBAC = 'rbac.authorization.k8s.io'
const EVERYTHING = [{ apiGroups: ['*'], resources: ['*'] }]

describe.each(WORLDS)('tenancy, rights: %s', (plane) => {
  let world: World<HttpBackendHost>

  beforeAll(async () => {
    world = await startWorld(plane)
  })
  afterAll(() => world?.stop())

  const started = async (name: string): Promise<Tenant<TestRepository>> => {
    const tenant = await world.tenant(name)
    await world.api.create(configMap(name, 'settings', { value: 'first' }))
    await tenant.sync()
    await tenant.ready()
    return tenant
  }
  const inGit = async ({ namespace, repository }: Tenant<TestRepository>, name = 'settings'): Promise<string> =>
    (await repository.readFile('main', `${namespace}/sync/${namespace}/configmap/${name}.yaml`)).toString()
  const isInGit = (tenant: Tenant<TestRepository>, value: string): Promise<unknown> =>
    waitFor(`${value} is in Git`, async () => (await inGit(tenant)).includes(`value: ${value}\n`))
  const edit = async ({ namespace }: Tenant<TestRepository>, value: string): Promise<void> => {
    await world.api.patch(configMapRef(namespace, 'settings'), { data: { value } })
  }
  /** The watch has brought what was changed before, to whoever may see it. */
  const othersAreWritten = async (name: string): Promise<void> => {
    await started(name)
  }

  test('a grant that is taken back stops reading; files stay, and nothing is learned until it is given again', async () => {
    const tenant = await started('revoked')
    const binding = { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', namespace: 'revoked', name: 'auditor' }
    await world.api.delete(binding)
    await world.api.delete({ ...binding, kind: 'Role' })
    await mayRead(world.api, 'revoked', '', 'configmaps', false)
    expect((await tenant.reason('Forbidden')).message).toContain(
      'may not list and watch ConfigMap in namespace revoked',
    )
    await edit(tenant, 'confidential')
    await world.api.create(configMap('revoked', 'later'))
    await world.api.delete(configMapRef('revoked', 'settings'))
    await othersAreWritten('beside-revoked')
    await tenant.request()
    await tenant.reason('Forbidden')
    expect(await inGit(tenant)).toContain('value: first\n')
    expect(await tenant.repository.git('log', '-p', 'main')).not.toContain('confidential')

    await world.api.create(configMap('revoked', 'settings', { value: 'again' }))
    await grant(world.api, 'revoked', EVERYTHING)
    await isInGit(tenant, 'again')
    await tenant.ready()
    expect(await inGit(tenant, 'later')).toContain('later')
  })

  test('an account that is deleted reads nothing any more, whatever is still bound to its name', async () => {
    const tenant = await started('deleted')
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'deleted', name: 'auditor' }
    await world.api.delete(account)
    await mayRead(world.api, 'deleted', '', 'configmaps', true)
    await tenant.request()
    await tenant.reason('ServiceAccountNotFound')
    await edit(tenant, 'confidential')
    await othersAreWritten('beside-deleted')
    expect(await inGit(tenant)).toContain('value: first\n')

    await world.api.create({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'auditor', namespace: 'deleted' },
    })
    await tenant.request()
    await isInGit(tenant, 'confidential')
  })

  test("what is granted to a group of accounts is granted to each of its namespace, and to nobody else's", async () => {
    const bind = async (namespace: string, group: string): Promise<void> => {
      const metadata = { name: 'by-group', namespace }
      const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }]
      await world.api.create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules })
      await world.api.create({
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: 'by-group' },
        subjects: [{ apiGroup: RBAC, kind: 'Group', name: group }],
      })
    }
    const none = [{ apiGroups: [''], resources: ['services'] }]
    const own = await world.tenant('group-own', { rules: none })
    const foreign = await world.tenant('group-foreign', { rules: none })
    for (const { namespace } of [own, foreign])
      await world.api.create(configMap(namespace, 'settings', { value: 'first' }))
    await bind('group-own', 'system:serviceaccounts:group-own')
    await bind('group-foreign', 'system:serviceaccounts:group-own')
    await own.sync()
    await foreign.sync()
    await own.ready()
    await isInGit(own, 'first')
    expect((await foreign.reason('Forbidden')).message).toContain('ConfigMap in namespace group-foreign')
    expect(await foreign.repository.resolve('main')).toBeNull()
  })

  test("another tenant's folder is neither written nor read, by whatever spelling, and nobody learns whose it is", async () => {
    const victim = await started('victim-of-overlap')
    const { repository } = victim
    const files = (): Promise<string> => repository.git('ls-tree', '-r', 'main', 'victim-of-overlap/sync')
    const before = await files()
    const intruder = await world.tenant('intruder')
    await world.api.create(configMap('intruder', 'settings', { value: 'intruder' }))
    const paths = [
      'victim-of-overlap/sync',
      'victim-of-overlap',
      'victim-of-overlap/sync/deeper',
      'Victim-of-Overlap/SYNC',
      '.',
    ]
    const urls = [
      repository.url,
      `${repository.url}/`,
      repository.url.replace(/\.git$/, ''),
      repository.url.replace('127.0.0.1', '127.1'),
    ]
    let count = 0
    for (const path of paths) {
      for (const url of path === paths[0] ? urls : [repository.url]) {
        const name = `try-${count++}`
        await intruder.sync({ name, path, url })
        const { message } = await intruder.reason('PathOverlap', name)
        expect(message).toContain('a GitSync of another namespace writes there')
        expect(message.replaceAll(path, '')).not.toMatch(/victim/i)
      }
    }
    expect(await files()).toBe(before)

    // When its owner is gone, the folder's claim remains.
    await world.api.delete(syncRef('victim-of-overlap'))
    for (let i = 0; i < count; i++) await world.api.delete(syncRef('intruder', `try-${i}`))
    await intruder.sync({ name: 'heir', path: 'victim-of-overlap/sync', url: repository.url })
    const { message } = await intruder.reason('FolderClaimed', 'heir')
    expect(message).not.toMatch(/victim-of-overlap\/sync\/|settings/)
    expect(await files()).toBe(before)
    expect(await repository.git('log', '--format=%an %s', 'main')).not.toContain('intruder')
  })
})
