import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { servedPolicies } from '../e2e/harness/attribution.ts'
import { configMap, configMapRef } from '../e2e/harness/gitsync.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { run } from '../kit/process/index.ts'

/** Beside the one that every other test uses: the newest of each minor version that is supported, and its admission policies. */
const VERSIONS = [
  ['v1.35.4', 'v1beta1'],
  ['v1.36.3', 'v1'],
] as const
const ROOT = new URL('../..', import.meta.url).pathname
const RECIPE = join(ROOT, 'test/kit/components/kube.sh')
/** What depends on the API server most: definitions, chart, admission policies, upgrades. */
const FILES = [
  'operator/src/api/crds.cluster.test.ts',
  'test/chart/apply.test.ts',
  'test/chart/upgrade.test.ts',
  'test/e2e/authors.test.ts',
]

let world: World | undefined
afterEach(async () => {
  await world?.stop()
  world = undefined
  vi.unstubAllEnvs()
})

describe.each(VERSIONS)('Kubernetes %s', (version, policies) => {
  beforeEach(async () => {
    const folder = (await run('bash', [RECIPE, version], { timeout: 3_000_000 })).stdout.toString().trim()
    vi.stubEnv('GITSYNC_KUBE_APISERVER', join(folder, 'kube-apiserver'))
    vi.stubEnv('GITSYNC_KUBECTL', join(folder, 'kubectl'))
  }, 3_000_000)

  test('a GitSync is taken, and what is edited and deleted arrives', async () => {
    world = await startWorld('kube-apiserver')
    const served = `admissionregistration.k8s.io/${policies}/MutatingAdmissionPolicy`
    expect(await servedPolicies(world.api)).toEqual(['--api-versions', served])
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

  test.each(FILES)('%s', async (file) => {
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    await run(process.execPath, [vitest, 'run', file], { cwd: ROOT, env: environment(), timeout: 900_000 })
  })
})

/** Without what this run of the tests has told this process of itself. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TEST|NODE_ENV)/.test(name)))
}
