/**
 * First export of many ConfigMaps into one folder, then one edit: the bundled operator as a process of its own, against the
 * embedded API server and git http-backend, both in or below this process.
 *
 * `BENCH_PROFILE=DIR` leaves a CPU profile of each operator there.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { deflateSync } from 'node:zlib'
import { bundle } from '../scripts/bundle.ts'
import { startOperatorProcess } from '../test/chaos/operator-process.ts'
import { seeded } from '../test/chaos/random.ts'
import type { Random } from '../test/chaos/random.ts'
import { readCrds } from '../test/chaos/rig.ts'
import { tenantObjects } from '../test/chaos/tenants.ts'
import { startApiServer } from '../test/kit/apiserver/index.ts'
import { startRemote } from '../test/kit/remote/index.ts'
import type { Remote } from '../test/kit/remote/index.ts'
import { profileOptions, usageOf } from './process-usage.ts'

export interface Traffic {
  readonly requests: number
  readonly up: number
  readonly down: number
}

export interface ExportResult {
  readonly objects: number
  /** From the creation of the GitSync until the branch has its commit. */
  readonly seconds: number
  readonly cpuSeconds: number
  /** Peak before there was a GitSync. */
  readonly startRss: number
  readonly peakRss: number
  readonly traffic: Traffic
  readonly pushes: number
  readonly edit: Traffic & { readonly blob: number; readonly cpuSeconds: number; readonly peakRss: number }
}

const NAMESPACE = 'shop'
const PATIENCE = 300_000

export async function benchExport(objects: number): Promise<ExportResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-bench-'))
  const script = await bundle('gitsync-operator', scratch)
  const api = await startApiServer({ crds: await readCrds() })
  const remote = await startRemote()
  const store = await remote.createRepository('audit.git')
  const kubeconfig = join(scratch, 'kubeconfig')
  await api.writeKubeconfig(kubeconfig)
  const nodeOptions = profileOptions(`export-${objects}`)
  const operator = await startOperatorProcess({ kubeconfig, script, nodeOptions })
  try {
    const given = tenantObjects(NAMESPACE, store.url)
    const gitsync = given.pop() as { spec: { commit: object } }
    gitsync.spec.commit = {}
    for (const object of given) api.objects.create(object)
    const random = seeded(objects)
    for (let i = 0; i < objects; i++) api.objects.create(configMap(i, random), { manager: 'bench' })
    api.settle()

    const tip = async (): Promise<string> => readFile(join(store.dir, 'refs/heads/main'), 'utf8').catch(() => '')
    const moved = async (before: string): Promise<string> => {
      const deadline = performance.now() + PATIENCE
      for (;;) {
        const now = await tip()
        if (now !== before) return now
        if (performance.now() > deadline) throw new Error(`no commit\n${operator.output()}`)
        await pause(5)
      }
    }
    const started = performance.now()
    const before = usageOf(operator.pid)
    api.objects.create(gitsync)
    const first = await moved('')
    const seconds = (performance.now() - started) / 1000
    const after = usageOf(operator.pid)
    const files = await store.lsTree('main')
    if (files.length < objects) throw new Error(`${files.length} files of ${objects}`)
    const traffic = count(remote)
    const pushes = remote.requests.filter(({ path }) => path.endsWith('/git-receive-pack')).length

    // What still follows the export, as writing its status, is not the edit's.
    await ready(() =>
      JSON.stringify(
        api.objects.get({ apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace: NAMESPACE, name: 'all' }),
      ).includes('"observedCommit"'),
    )
    remote.reset()
    const beforeEdit = usageOf(operator.pid)
    api.objects.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name: 'object-7' },
      { data: { banner: 'Winter sale' } },
      { manager: 'bench' },
    )
    await moved(first)
    const afterEdit = usageOf(operator.pid)
    const path = files.find((file) => file.path.endsWith('/object-7.yaml'))?.path ?? ''
    const blob = deflateSync(await store.readFile('main', path)).length
    return {
      objects,
      seconds,
      cpuSeconds: after.cpu - before.cpu,
      startRss: before.peakRss,
      peakRss: after.peakRss,
      traffic,
      pushes,
      edit: { ...count(remote), blob, cpuSeconds: afterEdit.cpu - beforeEdit.cpu, peakRss: afterEdit.peakRss },
    }
  } finally {
    await operator.stop()
    await remote.stop()
    await api.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function ready(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20)
}

function count({ requests }: Remote): Traffic {
  return {
    requests: requests.length,
    up: requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
    down: requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
  }
}

/** 1.5 KB as a file. */
function configMap(i: number, random: Random): object {
  const data = Object.fromEntries(
    Array.from({ length: 20 }, (_, line) => [
      `key-${line}`,
      `${Math.floor(random.next() * 2 ** 52).toString(36)} is the setting of ${i}, line ${line}, of this file`,
    ]),
  )
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `object-${i}`, namespace: NAMESPACE }, data }
}
