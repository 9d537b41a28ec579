/** Limits of a GitProvider, as the host counts them; and whose turn it is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRepository } from '../kit/remote/index.ts'
import type { HttpBackendHost } from './harness/git-host.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'
import { startWorld, WORLDS } from './harness/world.ts'
import type { World } from './harness/world.ts'

const PER_MINUTE = 120

describe.each(WORLDS)('rate limits: %s', (plane) => {
  let world: World<HttpBackendHost>
  /** When the host saw requests, in milliseconds. */
  const arrivals: number[] = []
  let stopCounting = (): void => undefined

  beforeAll(async () => {
    world = await startWorld(plane)
    await world.api.create({
      apiVersion: 'gitsync.dev/v1alpha1',
      kind: 'GitProvider',
      metadata: { name: 'scarce' },
      spec: { hosts: ['127.0.0.1'], requests: { perMinute: PER_MINUTE, burst: 0, concurrency: 8 } },
    })
    let seen = 0
    const timer = setInterval(() => {
      const { requests } = world.host.remote
      for (; seen < requests.length; seen++) arrivals.push(performance.now())
    }, 5)
    stopCounting = () => clearInterval(timer)
  })
  afterAll(async () => {
    stopCounting()
    // It would still push what has been edited, at the pace that it is allowed.
    await world?.operator.kill()
    await world?.stop()
  })

  const edited = (tenant: Tenant<TestRepository>, name: string, value: string): Promise<unknown> =>
    waitFor(
      `${tenant.namespace}/${name} is in Git`,
      async () => {
        const path = `${tenant.namespace}/sync/${tenant.namespace}/configmap/${name}.yaml`
        return (await tenant.repository.readFile('main', path)).includes(`key: ${value}\n`)
      },
      { timeout: 60_000 },
    )

  test('the host never counts more than is allowed, a restart included, and one that floods it stops nobody', async () => {
    const names = ['flood', 'quiet-a', 'quiet-b', 'quiet-c']
    const tenants: Tenant<TestRepository>[] = []
    for (const name of names) {
      const tenant = await world.tenant(name)
      tenants.push(tenant)
      await world.api.create(configMap(name, 'settings'))
    }
    const [flood, ...quiet] = tenants as [Tenant<TestRepository>, ...Tenant<TestRepository>[]]
    for (let i = 0; i < 6; i++) await flood.sync({ name: `sync-${i}`, branch: `branch-${i}` })
    for (const tenant of quiet) await tenant.sync()
    for (const tenant of quiet) await tenant.ready('sync', { timeout: 60_000 })

    let isFlooding = true
    const flooding = (async () => {
      for (let i = 0; isFlooding; i++) {
        await world.api.patch(configMapRef('flood', 'settings'), { data: { key: `flood ${i}` } })
      }
    })()
    const begun = performance.now()
    try {
      for (const tenant of quiet) {
        await world.api.patch(configMapRef(tenant.namespace, 'settings'), { data: { key: 'edited' } })
      }
      await Promise.all(quiet.map((tenant) => edited(tenant, 'settings', 'edited')))
    } finally {
      isFlooding = false
      await flooding
    }
    // Four namespaces take turns, and each push costs one request; what had begun before is ended first.
    const round = (60_000 / PER_MINUTE) * 4
    expect(performance.now() - begun).toBeLessThan(12 * round)

    await world.operator.stop()
    const stopped = arrivals.length
    world.operator = await world.startOperator()
    const [first] = quiet
    await world.api.create(configMap(first?.namespace ?? '', 'after', { key: 'restart' }))
    await edited(first as Tenant<TestRepository>, 'after', 'restart')
    // The one before may have used up everything at its very end.
    expect((arrivals[stopped] as number) - (arrivals[stopped - 1] as number)).toBeGreaterThan(4_000)

    const most = (width: number): number =>
      Math.max(...arrivals.map((from) => arrivals.filter((at) => at >= from && at < from + width).length))
    expect(most(60_000)).toBeLessThanOrEqual(PER_MINUTE)
    // Evenly spaced too, as far as can be seen where requests and this test's own looks are late at times.
    expect(most(20_000)).toBeLessThanOrEqual((PER_MINUTE / 3) * 1.25)
    expect(arrivals.length).toBeGreaterThan(20)
  }, 180_000)
})
