/** What a user does with the chart, on a real node: the image runs as it is shipped, and the operator works from a Pod. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packImage } from '../../scripts/image.ts'
import type { PackedImage } from '../../scripts/image.ts'
import { tenantObjects } from '../chaos/tenants.ts'
import { connectApi } from '../e2e/harness/api.ts'
import type { Api } from '../e2e/harness/api.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { CHART, connectHelm } from '../kit/helm/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import { startNode } from '../kit/node/index.ts'
import type { TestNode } from '../kit/node/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { Remote, TestRepository } from '../kit/remote/index.ts'
import { coldStart } from './cold-start.ts'
import { inPod, leader, onlyPod, PLACE, pods } from './operator-pod.ts'
import { createPeople } from './people.ts'
import type { People } from './people.ts'

const { namespace, release } = PLACE
const TENANT = 'shop'
const SETTINGS = ['--set=image.pullPolicy=Never', '--set=allowPrivateHosts=true']

describe('the chart on a real node', () => {
  const undo: (() => Promise<unknown>)[] = []
  let scratch: string
  let node: TestNode
  let image: PackedImage
  let helm: Helm
  let remote: Remote
  let store: TestRepository
  let api: Api
  let people: People

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'gitsync-node-test-'))
    undo.push(() => rm(scratch, { recursive: true, force: true }))
    const file = join(scratch, 'image.tar')
    image = await packImage({ file, dist: join(scratch, 'dist') })
    node = await startNode()
    undo.push(() => node.stop())
    await node.importImage(file)
    helm = await connectHelm({ kubeconfig: node.kubeconfig })
    undo.push(() => helm.close())
    remote = await startRemote()
    undo.push(() => remote.stop())
    store = await remote.createRepository('audit.git')
    api = connectApi(node.api.url, node.api)
    undo.push(async () => {
      api.close()
    })
  }, 300_000)
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
  }, 60_000)

  const apply = (items: readonly object[]): Promise<string> =>
    node.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
  const upgrade = (...settings: string[]): Promise<string> =>
    helm(['upgrade', release, CHART, `--namespace=${namespace}`, ...SETTINGS, ...settings, '--wait', '--timeout=90s'])

  test('install: the Pod runs under the restricted profile, with a root that nobody writes to', async () => {
    await node.kubectl(['create', 'namespace', namespace])
    const restricted = 'pod-security.kubernetes.io/enforce=restricted'
    await node.kubectl(['label', 'namespace', namespace, restricted])
    const started = performance.now()
    await helm(['install', release, CHART, `--namespace=${namespace}`, ...SETTINGS, '--wait', '--timeout=90s'])
    const seconds = (performance.now() - started) / 1000
    const { metadata, status } = await onlyPod(node)
    expect(status.phase).toBe('Running')
    expect(status.containerStatuses?.[0]?.restartCount).toBe(0)
    expect(
      await inPod(
        node,
        metadata.name,
        `(() => {
          const { readFileSync, writeFileSync, existsSync } = require('node:fs')
          const field = (name) => new RegExp('^' + name + ':\\\\s*(\\\\S+)', 'm').exec(readFileSync('/proc/1/status', 'utf8'))[1]
          const attempt = (path) => { try { writeFileSync(path, ''); return 'written' } catch ({ code }) { return code } }
          return { uid: process.getuid(), gid: process.getgid(), capabilities: field('CapEff'), noNewPrivileges: field('NoNewPrivs'),
            seccomp: field('Seccomp'), root: attempt('/x'), app: attempt('/app/x'), shell: existsSync('/bin/sh') }
        })()`,
      ),
    ).toEqual({
      uid: 65532,
      gid: 65532,
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      seccomp: '2',
      root: 'EROFS',
      app: 'EROFS',
      shell: false,
    })
    const memory = await residentMegabytes(metadata.name)
    report(`helm install to Ready ${seconds.toFixed(1)} s`)
    report(
      `image ${(image.pullBytes / 1e6).toFixed(1)} MB to pull, ${(image.unpackedBytes / 1e6).toFixed(1)} MB unpacked`,
    )
    report(`idle in the Pod ${memory.toFixed(0)} MB resident`)
    expect(image.pullBytes).toBeLessThan(70e6)
  })

  // How fast depends on the machine: the figure is for people, and goes into docs/operations.md.
  test('as the image starts it, it leads and is ready, again and again', async () => {
    const milliseconds = await coldStart({ dist: join(scratch, 'dist'), kubeconfig: node.kubeconfig, namespace })
    report(`cold start to ready ${milliseconds.toFixed(0)} ms`)
  })

  test('a GitSync is applied: what there is, and each edit, arrives at a Git server outside of the cluster', async () => {
    const url = `${await node.expose(remote.url)}/audit.git`
    await apply(tenantObjects(TENANT, url).slice(0, 1))
    // Its ConfigMap comes from a controller.
    await node.kubectl(['wait', '--for=create', 'configmap/kube-root-ca.crt', '-n', TENANT, '--timeout=30s'])
    people = await createPeople(api, store, TENANT)
    await apply(tenantObjects(TENANT, url))
    await node.kubectl(['wait', '--for=condition=Ready', 'gitsync/all', '-n', TENANT, '--timeout=30s'])
    await people.settled()
    const before = (await store.log('main')).length
    people.start()
    await waitFor('20 edits', () => people.count > 30)
    await people.stop()
    await people.settled()
    expect((await store.log('main')).length).toBeGreaterThan(before)
    expect(await people.faults()).toEqual([])
  })

  test('upgrade to two replicas: one leads, the other stands by, and both are ready', async () => {
    await upgrade('--set=replicas=2')
    const found = await pods(node)
    expect(found.map(({ status }) => status.conditions?.find(({ type }) => type === 'Ready')?.status)).toEqual([
      'True',
      'True',
    ])
    const names = found.map(({ metadata }) => metadata.name)
    // The Pod of before gives the Lease back when it ends, which the upgrade does not wait for.
    await waitFor('one of them leads', async () => {
      const holder = await leader(node)
      return names.some((name) => holder.startsWith(`${name}_`))
    })
  })

  test('a rolling update of two replicas during edits loses nothing, repeats nothing', async () => {
    const names = (await pods(node)).map(({ metadata }) => metadata.name)
    const edits = people.count
    people.start()
    try {
      await upgrade('--set=replicas=2', '--set-string=podAnnotations.round=2')
    } finally {
      await people.stop()
    }
    await people.settled()
    expect(people.count - edits).toBeGreaterThan(50)
    const holder = await leader(node)
    const found = (await pods(node)).map(({ metadata }) => metadata.name)
    expect(found.filter((name) => names.includes(name))).toEqual([])
    expect(found.filter((name) => holder.startsWith(`${name}_`))).toHaveLength(1)
    expect(await people.faults()).toEqual([])
    report(`rolling update of two replicas during ${people.count - edits} edits: none lost, none repeated`)
  }, 150_000)

  test('rollback gives the first state back, and the edits go on', async () => {
    people.start()
    try {
      await helm(['rollback', release, '1', `--namespace=${namespace}`, '--wait', '--timeout=90s'])
    } finally {
      await people.stop()
    }
    await people.settled()
    await waitFor('one Pod is left', async () => (await pods(node)).length === 1)
    expect(await people.faults()).toEqual([])
  }, 150_000)

  test('uninstall keeps the kinds and what is written, and nothing waits for an operator that is gone', async () => {
    await helm(['uninstall', release, `--namespace=${namespace}`, '--wait', '--timeout=60s'])
    expect(await node.kubectl(['get', 'gitsync', '-n', TENANT, '-o', 'name'])).toContain('/all')
    await node.kubectl(['delete', 'gitsync', 'all', '-n', TENANT, '--timeout=20s'])
    await node.kubectl(['delete', 'namespace', TENANT, '--timeout=60s'])
    await people.settled()
  }, 150_000)

  test('installed again over what was kept; without crds.keep an uninstall takes the kinds along', async () => {
    const settings = ['--set=crds.keep=false', '--wait', '--timeout=90s']
    await helm(['install', release, CHART, `--namespace=${namespace}`, ...SETTINGS, ...settings])
    const url = `${await node.expose(remote.url)}/audit.git`
    await apply(tenantObjects(TENANT, url))
    await node.kubectl(['wait', '--for=jsonpath={.status.conditions}', 'gitsync/all', '-n', TENANT, '--timeout=30s'])
    await helm(['uninstall', release, `--namespace=${namespace}`, '--wait', '--timeout=60s'])
    await waitFor('the kinds are gone', async () => {
      return !(await node.kubectl(['get', 'crd', '-o', 'name'])).includes('gitsync.dev')
    })
    await node.kubectl(['delete', 'namespace', TENANT, namespace, '--timeout=60s'])
  }, 150_000)

  async function residentMegabytes(pod: string): Promise<number> {
    const status = String(await inPod(node, pod, `require('node:fs').readFileSync('/proc/1/status', 'utf8')`))
    return (Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6
  }
})

/** Figures are for people who read the run's output. */
const report = (text: string): void => {
  process.stdout.write(`  ${text}\n`)
}
