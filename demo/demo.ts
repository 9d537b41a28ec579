/**
 * `make demo`: the whole product on one machine, without a cluster, an account or Docker. Starts an API server, a Git
 * remote and the operator, applies `examples/`, edits and deletes objects, and shows the commits.
 *
 * `KEEP=1` keeps everything running to play with; `CLUSTER=1` uses the cluster of the current kubeconfig instead of the
 * built-in API server.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from '../test/kit/apiserver/index.ts'
import { startProcess } from '../test/kit/process/index.ts'
import { startRemote } from '../test/kit/remote/index.ts'
import { builtInKubectl } from './built-in-kubectl.ts'
import { findKubectl, kubectlWith } from './kubectl.ts'
import { readExample } from './story.ts'

const root = new URL('..', import.meta.url).pathname
const keep = process.env['KEEP'] === '1'
const useCluster = process.env['CLUSTER'] === '1'
const started = performance.now()
const say = (text: string): void => console.log(`\n\u001b[1m${text}\u001b[0m`)
const show = (line: string): void => console.log(line)
const stops: (() => Promise<unknown>)[] = []

async function main(): Promise<void> {
  if (useCluster && process.env['KUBECONFIG'] === undefined) {
    throw new Error('CLUSTER=1 needs the cluster: set KUBECONFIG to its kubeconfig file')
  }
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-demo-'))
  stops.push(() => rm(scratch, { recursive: true, force: true }))

  say(
    useCluster
      ? 'Starting a Git remote; using the cluster of the current kubeconfig'
      : 'Starting an API server and a Git remote',
  )
  const kubeconfig = useCluster ? undefined : join(scratch, 'kubeconfig')
  if (kubeconfig !== undefined) {
    const server = await startApiServer()
    stops.push(() => server.stop())
    await server.writeKubeconfig(kubeconfig)
    show(`  API server ${server.url}`)
  }
  const remote = await startRemote({ auth: { user: 'audit-bot', password: 'replace-me' } })
  stops.push(() => remote.stop())
  const store = await remote.createRepository('platform/audit.git')
  show(`  Git remote ${store.url}`)
  const program = await findKubectl()
  const kubectl =
    program === undefined ? await builtInKubectl(kubeconfig, show) : kubectlWith(program, kubeconfig, show)

  say('Installing the kinds and starting the operator')
  await kubectl(['apply', '-f', join(root, 'crds')])
  await kubectl([
    'wait',
    '--for=condition=Established',
    'crd/gitsyncs.gitsync.dev',
    'crd/gitproviders.gitsync.dev',
    '--timeout=30s',
  ])
  const operator = await startProcess(
    process.execPath,
    [
      join(root, 'operator/src/cli/gitsync-operator.ts'),
      '--allow-private-hosts',
      '--metrics',
      '127.0.0.1:0',
      ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ],
    { name: 'gitsync-operator', ready: { line: /started/ } },
  )
  stops.push(() => operator.stop({ grace: 25_000 }))

  say('Applying an application, and a GitSync that writes its namespace')
  const examples = join(root, 'examples')
  for (const file of (await readdir(join(examples, 'app'))).sort()) {
    await kubectl(['apply', '-f', '-'], await readExample(join(examples, 'app', file), store.url))
    if (file.includes('-crd')) await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'])
  }
  await kubectl(['apply', '-f', '-'], await readExample(join(examples, 'gitsync.yaml'), store.url))
  await kubectl(['wait', '--for=condition=Ready', 'gitsync/shop', '-n', 'shop', '--timeout=60s'])

  say('Editing as people do')
  await commitOf(() =>
    kubectl([
      'patch',
      'configmap',
      'settings',
      '-n',
      'shop',
      '--type=merge',
      '-p',
      '{"data":{"banner":"Winter sale"}}',
    ]),
  )
  await commitOf(() => kubectl(['scale', 'deployment', 'web', '-n', 'shop', '--replicas=5']))
  await commitOf(() => kubectl(['delete', 'configmap', 'release-notes', '-n', 'shop']))

  say('What Git has now')
  const log = await store.git('log', '--stat', '--format=%n%h  %an  %s', 'main')
  show(log.replace(/^/gm, '  '))
  const tip = await store.resolve('main')
  await kubectl([
    'wait',
    `--for=jsonpath={.status.lastCommit.sha}=${tip}`,
    'gitsync/shop',
    '-n',
    'shop',
    '--timeout=30s',
  ])
  await kubectl(['get', 'gitsync', '-n', 'shop'])
  show(`\nDone in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
  if (keep) await stayOpen(kubeconfig, store.url)

  /** Runs something and waits until its commit is in Git. */
  async function commitOf(action: () => Promise<unknown>): Promise<void> {
    const before = await store.resolve('main')
    await action()
    while ((await store.resolve('main')) === before) await new Promise((resolve) => setTimeout(resolve, 50))
    show(`  → ${await store.git('log', '-1', '--format=%h %s (author: %an)', 'main')}`)
  }
}

async function stayOpen(kubeconfig: string | undefined, url: string): Promise<void> {
  const withUser = new URL(url)
  withUser.username = 'audit-bot'
  withUser.password = 'replace-me'
  say('Kept running. In another terminal:')
  if (kubeconfig !== undefined) show(`  export KUBECONFIG=${kubeconfig}`)
  show(`  kubectl get gitsync,deploy,cm -n shop`)
  show(`  kubectl edit configmap settings -n shop`)
  show('  PATH=$PWD/node_modules/.bin:$PATH kubectl gitsync log shop configmap/settings -n shop --oneline')
  show(`  git clone ${withUser.href} audit && git -C audit log --stat`)
  show('\nPress Ctrl-C to end.')
  await new Promise(() => undefined)
}

async function cleanUp(code: number): Promise<never> {
  for (const stop of stops.splice(0).reverse()) await stop().catch(() => undefined)
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp(keep ? 0 : 130))
try {
  await main()
  await cleanUp(0)
} catch (error) {
  console.error(`\ndemo: ${error instanceof Error ? error.message : String(error)}`)
  await cleanUp(1)
}
