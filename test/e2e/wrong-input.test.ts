import { chmod, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REASONS } from '../../operator/src/api/reasons.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { conditionOf, CONFIG_MAPS, configMap, configMapRef, gitsync, syncRef } from './harness/gitsync.ts'
import { oddKind } from './harness/odd-kind.ts'
import { credentialSecret } from './harness/tenant.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

describe.each(WORLDS)('wrong input: %s', (plane) => {
  let world: World<HttpBackendHost>
  let healthy: Tenant<TestRepository>
  let edits = 0

  beforeAll(async () => {
    world = await startWorld(plane)
    healthy = await world.tenant('healthy')
    await world.api.create(configMap('healthy', 'counter', { value: '0' }))
    await healthy.sync()
    await healthy.ready()
  })
  afterAll(() => world?.stop())

  const tenantWith = async (name: string): Promise<Tenant<TestRepository>> => {
    const tenant = await world.tenant(name)
    await world.api.create(configMap(name, 'settings'))
    return tenant
  }
  /** One tenant's mistake is nobody else's: an edit of another GitSync gets to Git, by the same process. */
  const othersGoOn = async (): Promise<void> => {
    edits += 1
    await world.api.patch(configMapRef('healthy', 'counter'), { data: { value: `edit ${edits}` } })
    await waitFor('another GitSync goes on', async () =>
      (await healthy.repository.readFile('main', 'healthy/sync/healthy/configmap/counter.yaml')).includes(
        `value: edit ${edits}\n`,
      ),
    )
  }
  /** Asserts the reason, its conditions and words; then that the mended one heals. */
  const expectProblem = async (
    tenant: Tenant<TestRepository>,
    reason: keyof typeof REASONS,
    message: RegExp,
  ): Promise<void> => {
    expect((await tenant.reason(reason)).message).toMatch(message)
    const object = await world.api.get(syncRef(tenant.namespace))
    const second = REASONS[reason].outcome === 'stall' ? 'Stalled' : 'Reconciling'
    expect(conditionOf(object, second)).toMatchObject({
      status: 'True',
      reason,
      message: expect.stringMatching(message) as string,
    })
    expect(conditionOf(object, 'Ready')?.status).toBe('False')
    await othersGoOn()
  }
  const patchSpec = (tenant: Tenant, spec: object): Promise<unknown> =>
    world.api.patch(syncRef(tenant.namespace), { spec })
  const ofTenant = (tenant: Tenant) => ({
    times: Number.POSITIVE_INFINITY,
    when: ({ path }: { readonly path: string }) => path.startsWith(`/${tenant.namespace}.git/`),
  })
  const written = async (tenant: Tenant<TestRepository>): Promise<void> => {
    await tenant.ready(undefined, { timeout: 30_000 })
    const { namespace, repository } = tenant
    expect(await repository.resolve(`main:${namespace}/sync/${namespace}/configmap/settings.yaml`)).not.toBeNull()
  }

  test('a URL that is none is refused with the name of the field', async () => {
    const tenant = await tenantWith('bad-url')
    const sync = gitsync({ namespace: 'bad-url', url: 'example.com/a/b.git' })
    if (plane === 'embedded') {
      await world.api.create(sync)
      await expectProblem(tenant, 'InvalidSpec', /repository\.url.*http:\/\/, https:\/\/ or ssh:\/\//)
      await patchSpec(tenant, { repository: { url: tenant.repository.url } })
      await written(tenant)
    } else {
      await expect(world.kubectl(['apply', '-f', '-'], JSON.stringify(sync))).rejects.toThrow(
        /spec\.repository\.url.*http:\/\/, https:\/\/ or ssh:\/\//s,
      )
    }
  })

  test('a repository that does not exist', async () => {
    const tenant = await tenantWith('no-repository')
    const { dir } = tenant.repository
    await rename(dir, `${dir}.hidden`)
    await tenant.sync()
    await expectProblem(tenant, 'RepositoryNotFound', /no-repository\.git/)
    await rename(`${dir}.hidden`, dir)
    await tenant.request()
    await written(tenant)
  })

  test('credentials that are wrong', async () => {
    const tenant = await tenantWith('wrong-password')
    await world.api.create(
      credentialSecret('wrong-password', world.host.host, { username: 'audit-bot', password: 'guessed' }, 'wrong'),
    )
    await tenant.sync({ secret: 'wrong' })
    await expectProblem(tenant, 'AuthenticationFailed', /credentials|401/)
    const stringData = world.host.credentials
    await world.api.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace: 'wrong-password', name: 'wrong' },
      { stringData, data: toData(stringData) },
    )
    await tenant.request()
    await written(tenant)
  })

  test('a Secret that is missing', async () => {
    const tenant = await tenantWith('no-secret')
    await tenant.sync({ secret: 'later' })
    await expectProblem(tenant, 'SecretNotFound', /Secret later does not exist in namespace no-secret/)
    await world.api.create(credentialSecret('no-secret', world.host.host, world.host.credentials, 'later'))
    await tenant.request()
    await written(tenant)
  })

  test('a Secret without usable keys', async () => {
    const tenant = await tenantWith('empty-secret')
    await world.api.create(credentialSecret('empty-secret', world.host.host, { note: 'nothing here' }, 'empty'))
    await tenant.sync({ secret: 'empty' })
    await expectProblem(tenant, 'InvalidSecret', /neither the key token nor the keys username and password/)
    await world.api.patch(
      { apiVersion: 'v1', kind: 'Secret', namespace: 'empty-secret', name: 'empty' },
      { data: toData(world.host.credentials) },
    )
    await tenant.request()
    await written(tenant)
  })

  test('a branch that may not be created, by a hook', async () => {
    const tenant = await tenantWith('no-branch')
    const { repository } = tenant
    const hook = join(repository.dir, 'hooks', 'update')
    await writeFile(hook, '#!/bin/sh\necho "branches are made by release managers" >&2\nexit 1\n')
    await chmod(hook, 0o755)
    await tenant.sync({ branch: 'release' })
    await expectProblem(tenant, 'BranchNotFound', /release.*branches are made by release managers/s)
    await rm(hook)
    await tenant.request()
    await tenant.ready()
    expect(await repository.resolve('release')).not.toBeNull()
  })

  test.each([
    ['layout', { layout: { template: '{namespace}/{nonsense}.yaml' } }],
    ['commit', { commit: { message: 'by {nonsense}' } }],
  ])('a template with a placeholder that is unknown: %s', async (field, spec) => {
    const tenant = await tenantWith(`template-${field}`)
    await tenant.sync({ spec })
    await expectProblem(tenant, 'InvalidTemplate', /\{nonsense\}.*\{name\}/s)
    await patchSpec(tenant, { [field]: null })
    await written(tenant)
  })

  test('a kind that is unknown, until its definition is installed', async () => {
    const tenant = await tenantWith('unknown-kind')
    await tenant.sync({ resources: [CONFIG_MAPS, { group: 'e2e.example.com', kind: 'Latecomer' }] })
    await expectProblem(tenant, 'UnknownKind', /Latecomer\.e2e\.example\.com/)
    const { repository } = tenant
    await inGit(repository, 'unknown-kind/sync/unknown-kind/configmap/settings.yaml')
    const kind = await oddKind(world, 'Latecomer')
    await world.api.create(kind.object('unknown-kind', 'at-last'))
    await tenant.request()
    await tenant.ready()
    // A definition's first lists may come from a cache that has not seen the object yet.
    await inGit(repository, 'unknown-kind/sync/unknown-kind/latecomer.e2e.example.com/at-last.yaml')
  })

  test('two objects that want one path', async () => {
    const tenant = await tenantWith('conflict')
    await world.api.create(configMap('conflict', 'second'))
    await tenant.sync({ spec: { layout: { template: '{kind}.yaml' } } })
    await expectProblem(tenant, 'PathConflict', /second/)
    await patchSpec(tenant, { layout: null })
    await written(tenant)
  })

  test('a server that answers with a web page', async () => {
    const tenant = await tenantWith('web-page')
    const fault = world.host.remote.faults.html(ofTenant(tenant))
    await tenant.sync()
    await expectProblem(tenant, 'NotGit', /./)
    fault.remove()
    await tenant.request()
    await written(tenant)
  })

  test('a host that is down, before and after a first commit', async () => {
    const tenant = await tenantWith('down')
    let fault = world.host.remote.faults.cut(0, ofTenant(tenant))
    await tenant.sync()
    await expectProblem(tenant, 'Unreachable', /./)
    fault.remove()
    await written(tenant)
    const commits = await tenant.repository.log('main')

    fault = world.host.remote.faults.status(503, ofTenant(tenant))
    await world.api.patch(configMapRef('down', 'settings'), { data: { key: 'changed while it was down' } })
    await expectProblem(tenant, 'Unreachable', /503/)
    fault.remove()
    await tenant.request()
    await written(tenant)
    expect(await tenant.repository.git('show', 'main')).toContain('changed while it was down')
    expect(await tenant.repository.log('main')).toHaveLength(commits.length + 1)
  })

  test('an answer that is lost after the push was carried out is no second commit', async () => {
    const tenant = await tenantWith('lost-answer')
    await tenant.sync()
    await written(tenant)
    const fault = world.host.remote.faults.loseAnswer({
      ...ofTenant(tenant),
      times: 1,
      when: ({ path }) => path === '/lost-answer.git/git-receive-pack',
    })
    await world.api.patch(configMapRef('lost-answer', 'settings'), { data: { key: 'once' } })
    await waitFor('the push was carried out', async () => (await tenant.repository.log('main')).length === 2)
    await waitFor('it knows its commit again', async () => {
      const { status } = await tenant.ready()
      return status.lastCommit.sha === (await tenant.repository.resolve('main'))
    })
    expect(fault.fired).toBe(1)
    expect(await tenant.repository.log('main')).toHaveLength(2)
  })

  test('a host that asks to wait', async () => {
    const tenant = await tenantWith('throttled')
    const fault = world.host.remote.faults.status(429, { ...ofTenant(tenant), retryAfter: 2 })
    await tenant.sync()
    await expectProblem(tenant, 'RateLimited', /./)
    const object = await world.api.get(syncRef('throttled'))
    expect(conditionOf(object, 'RateLimited')?.message).toMatch(/until 20\d\d-/)
    fault.remove()
    await written(tenant)
  })

  test('the operator is the same process as at the start', async () => {
    expect((await fetch(`${world.operator.url}/healthz`)).status).toBe(200)
    expect(world.log()).not.toMatch(/InternalError|TypeError/)
  })
})

function toData(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
}

async function inGit(repository: TestRepository, path: string): Promise<void> {
  await waitFor(`${path} is in Git`, async () => (await repository.resolve(`main:${path}`)) !== null)
}
