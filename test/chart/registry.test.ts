import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { component } from '../kit/components/index.ts'
import { CHART, connectHelm } from '../kit/helm/index.ts'
import { run, startProcess, withFreePorts } from '../kit/process/index.ts'
import type { RunningProcess } from '../kit/process/index.ts'
import { NAMESPACE, objectsOf, render } from './render.ts'

let dir: string
let address: string
let registry: RunningProcess

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsync-registry-'))
  const program = await component('registry')
  registry = await withFreePorts(1, async ([port = 0]) => {
    address = `127.0.0.1:${port}`
    const config = {
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(dir, 'storage') } },
      http: { addr: address },
    }
    const path = join(dir, 'registry.json')
    await writeFile(path, JSON.stringify(config))
    return await startProcess(program, ['serve', path], {
      name: 'registry',
      ready: { probe: async () => (await fetch(`http://${address}/v2/`)).ok },
    })
  })
})
afterAll(async () => {
  await registry?.stop()
  await rm(dir, { recursive: true, force: true })
})

test.each(['helm', 'helm3'] as const)('what `make chart` publishes is what %s installs', async (version) => {
  const { stdout } = await run(process.execPath, [
    new URL('../../scripts/chart-package.ts', import.meta.url).pathname,
    `oci://${address}/charts`,
    '--plain-http',
  ])
  const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string }
  expect(stdout.toString()).toContain(`gitsync-operator-${chart.version}.tgz`)
  const helm = await connectHelm({ version })
  try {
    const where = [`oci://${address}/charts/gitsync-operator`, '--version', chart.version, '--plain-http']
    const published = await helm(['template', 'gitsync-operator', ...where, '--namespace', NAMESPACE])
    expect(objectsOf(published)).toEqual(await render(helm))
    const readme = await helm(['show', 'readme', ...where])
    expect(readme.trim()).toBe((await readFile(join(CHART, 'README.md'), 'utf8')).trim())
  } finally {
    await helm.close()
  }
})
