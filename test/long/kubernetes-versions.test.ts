import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { configMap, configMapRef } from '../e2e/harness/gitsync.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { run } from '../kit/process/index.ts'

/** Beside the one that every other test uses: the newest of each minor version that is supported. */
const VERSIONS = ['v1.35.4', 'v1.36.3']
const RECIPE = new URL('../kit/components/kube.sh', import.meta.url).pathname

let world: World | undefined
afterEach(async () => {
  await world?.stop()
  world = undefined
  vi.unstubAllEnvs()
})

describe.each(VERSIONS)('Kubernetes %s', (version) => {
  test('a GitSync is taken, and what is edited and deleted arrives', async () => {
    const folder = (await run('bash', [RECIPE, version], { timeout: 3_000_000 })).stdout.toString().trim()
    vi.stubEnv('GITSYNC_KUBE_APISERVER', join(folder, 'kube-apiserver'))
    vi.stubEnv('GITSYNC_KUBECTL', join(folder, 'kubectl'))
    world = await startWorld('kube-apiserver')
    const tenant = await world.tenant('versions')
    for (let i = 0; i < 20; i++) await world.api.create(configMap('versions', `settings-${i}`, { level: String(i) }))
    await tenant.sync({ path: 'clusters/one', resources: [{ kind: 'ConfigMap' }] })
    await tenant.ready()
    const files = async (): Promise<string[]> =>
      (await tenant.repository.git('ls-tree', '-r', '--name-only', 'main'))
        .split('\n')
        .filter((path) => path.includes('settings-'))
    expect(await files()).toHaveLength(20)
    await world.api.delete(configMapRef('versions', 'settings-7'))
    await waitFor('the file of a deleted object is gone', async () => (await files()).length === 19)
    expect(await tenant.repository.git('fsck', '--strict')).not.toContain('error')
  })
})
