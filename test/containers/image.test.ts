/** The Dockerfile's image, built and run by a Docker engine, beside Gitea in another container. */
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { GenericContainer, Wait } from 'testcontainers'
import type { StartedTestContainer } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { containerConfig } from '../../scripts/image/config.ts'
import { packImage } from '../../scripts/image.ts'
import { tenantObjects } from '../chaos/tenants.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startCluster } from '../kit/cluster/index.ts'
import type { Cluster } from '../kit/cluster/index.ts'
import { component } from '../kit/components/index.ts'
import { startDocker } from '../kit/docker/index.ts'
import type { Docker } from '../kit/docker/index.ts'
import { callApi } from '../kit/gitea/api.ts'
import { appIni } from '../kit/gitea/app-ini.ts'
import { withFreePorts } from '../kit/process/index.ts'
import { BUILD_BASE, GITEA, writeBuildBase, writeGitea } from './local-images.ts'

const ROOT = join(import.meta.dirname, '../..')
const IMAGE = 'gitsync.test/operator:1'
const [VERSION, REVISION, EPOCH] = ['0.1.0', 'a'.repeat(40), '1700000000']
const TENANT = 'shop'

describe('the image in containers', () => {
  const undo: (() => Promise<unknown>)[] = []
  let scratch: string
  let engine: Docker
  let cluster: Cluster

  const buildImage = async (tag: string): Promise<void> => {
    const args = { BUILD_BASE, VERSION, REVISION, SOURCE_DATE_EPOCH: EPOCH }
    const flags = Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`)
    await engine.docker(['build', '--no-cache', '--network=host', ...flags, `--tag=${tag}`, ROOT], { timeout: 600_000 })
  }
  const inspect = async (image: string): Promise<any> => JSON.parse(await engine.docker(['inspect', image]))[0]

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'gitsync-containers-'))
    undo.push(() => rm(scratch, { recursive: true, force: true }))
    engine = await startDocker()
    undo.push(() => engine.stop())
    process.env['DOCKER_HOST'] = engine.host
    // It would have to be pulled; the engine's end is the end of all its containers.
    process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true'
    // Containers have the machine's network: there is no other whose gateway could be asked for.
    process.env['TESTCONTAINERS_HOST_OVERRIDE'] = '127.0.0.1'
    for (const write of [writeBuildBase, writeGitea]) {
      const file = join(scratch, `${write.name}.tar`)
      await write(file, engine.usr)
      await engine.docker(['load', '--input', file])
    }
    await buildImage(IMAGE)
    cluster = await startCluster()
    undo.push(() => cluster.stop())
  }, 900_000)
  afterAll(async () => {
    for (const step of undo.reverse()) await step()
  }, 60_000)

  test('it is configured as the one that is packed without an engine', async () => {
    const { Config: config, Architecture } = await inspect(IMAGE)
    const { Env, ...expected } = containerConfig(VERSION, REVISION)
    expect(config).toMatchObject(expected)
    expect(new Set(config.Env)).toEqual(new Set(Env))
    expect(Architecture).toBe(process.arch === 'x64' ? 'amd64' : process.arch)
  })

  test('it holds the same program, byte for byte, as the one that is packed without an engine', async () => {
    const dist = join(scratch, 'dist')
    await packImage({ file: join(scratch, 'packed.tar'), dist })
    const path = 'gitsync-operator.mjs'
    const script = `process.stdout.write(require('node:crypto').createHash('sha256').update(require('node:fs').readFileSync('/app/${path}')).digest('hex'))`
    const flags = ['--rm', '--network=host', '--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges']
    const hash = await engine.docker(['run', ...flags, '--entrypoint=/usr/local/bin/node', IMAGE, '-e', script])
    expect(hash).toBe(
      createHash('sha256')
        .update(await readFile(join(dist, path)))
        .digest('hex'),
    )
  })

  test('built again from nothing it has the same layers', async () => {
    await buildImage(`${IMAGE}-again`)
    const [first, second] = [await inspect(IMAGE), await inspect(`${IMAGE}-again`)]
    expect(second.RootFS.Layers).toEqual(first.RootFS.Layers)
    expect(second.Config).toEqual(first.Config)
  }, 600_000)

  test('beside Gitea it commits what a cluster elsewhere holds, and ends when it is asked to', async () => {
    const { gitea, url, token } = await startGiteaContainer()
    undo.push(() => gitea.stop())
    await callApi(url, token, 'POST', '/user/repos', { name: 'audit', default_branch: 'main' })

    await cluster.kubectl(['apply', '--server-side', '-f', join(ROOT, 'crds')])
    const [namespace = {}, ...objects] = tenantObjects(TENANT, `${url}/gitsync/audit.git`)
    const login = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'gitea',
        namespace: TENANT,
        labels: { 'gitsync.dev/credential': 'true' },
        annotations: { 'gitsync.dev/hosts': new URL(url).host },
      },
      stringData: { username: 'gitsync', password: token },
    }
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'prices', namespace: TENANT },
      data: { a: '1' },
    }
    const withLogin = objects.map((object) => {
      const { kind, spec } = object as { readonly kind: string; readonly spec?: { readonly repository: object } }
      return kind === 'GitSync'
        ? { ...object, spec: { ...spec, repository: { ...spec?.repository, secretRef: { name: 'gitea' } } } }
        : object
    })
    for (const items of [[namespace], [login, map, ...withLogin]]) {
      await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
    }
    const home = join(scratch, 'operator')
    await mkdir(home)
    await writeFile(join(home, 'kubeconfig'), await readFile(cluster.kubeconfig('admin')))
    await chmod(join(home, 'kubeconfig'), 0o644)
    await chmod(home, 0o755)
    const operator = await new GenericContainer(IMAGE)
      .withNetworkMode('host')
      .withCopyFilesToContainer([{ source: join(home, 'kubeconfig'), target: '/kubeconfig', mode: 0o444 }])
      .withCommand(['--kubeconfig=/kubeconfig', '--allow-private-hosts', '--metrics=127.0.0.1:0'])
      .withWaitStrategy(Wait.forLogMessage(/gitsync-operator started/))
      .start()
    undo.push(() => operator.stop())

    const commits = async (value: string): Promise<void> => {
      const path = `tenants/${TENANT}/${TENANT}/configmap/prices.yaml`
      await waitFor(`${value} in Git`, async () => {
        const text = await (await fetch(`${url}/api/v1/repos/gitsync/audit/raw/${path}?ref=main`)).text()
        const { data } = parse(text) as { readonly data?: { readonly a?: string } }
        if (data?.a === value) return true
        const conditions = ['get', 'gitsync', 'all', '-n', TENANT, '-o', 'jsonpath={.status.conditions}']
        throw new Error(`Git has ${text}, the GitSync says ${await cluster.kubectl(conditions)}`)
      })
    }
    await commits('1')
    await cluster.kubectl(['patch', 'configmap', 'prices', '-n', TENANT, '-p', '{"data":{"a":"2"}}'])
    await commits('2')
    const started = performance.now()
    await operator.stop({ timeout: 20_000, remove: false })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect((await inspect(operator.getId())).State.ExitCode).toBe(0)
  }, 180_000)

  async function startGiteaContainer(): Promise<{ gitea: StartedTestContainer; url: string; token: string }> {
    const assets = dirname(await component('gitea'))
    return await withFreePorts(1, async ([port = 0]) => {
      const ini = appIni({ port, data: '/data', assets, user: 'git' }).replaceAll(assets, '/gitea')
      const gitea = await new GenericContainer(GITEA)
        .withNetworkMode('host')
        .withCopyContentToContainer([{ content: ini, target: '/data/app.ini', mode: 0o644 }])
        .withCommand(['web', '--config', '/data/app.ini'])
        .start()
      const url = `http://127.0.0.1:${port}`
      await waitFor('Gitea answers', async () => (await fetch(`${url}/api/healthz`)).ok, { timeout: 60_000 })
      const admin = async (...args: string[]): Promise<string> => {
        const command = ['/gitea/gitea', 'admin', 'user', ...args, '--username=gitsync', '--config=/data/app.ini']
        const { output, exitCode } = await gitea.exec(command)
        if (exitCode !== 0) throw new Error(`gitea admin user ${args.join(' ')}: ${output}`)
        return output
      }
      await admin(
        'create',
        '--admin',
        '--random-password',
        '--email=gitsync@example.com',
        '--must-change-password=false',
      )
      const printed = await admin('generate-access-token', '--token-name=test', '--scopes=all', '--raw')
      const token = /^[0-9a-f]{40}$/m.exec(printed)?.[0] ?? ''
      return { gitea, url, token }
    })
  }
})
