/** The steps of docs/guides/grafana-round-trip.md: a real Grafana where people edit, and another that takes what was merged. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { blocksOf } from '../docs/blocks.ts'
import type { KubeObject } from '../e2e/harness/api.ts'
import type { GiteaHost } from '../e2e/harness/git-host.ts'
import { letIn } from '../e2e/harness/grafana/people.ts'
import type { People } from '../e2e/harness/grafana/people.ts'
import { save } from '../e2e/harness/grafana/save.ts'
import { describeHost, giteaPulls } from '../e2e/harness/reviews.ts'
import type { GiteaPulls } from '../e2e/harness/reviews.ts'
import type { Tenant } from '../e2e/harness/tenant.ts'
import { waitFor } from '../e2e/harness/wait-for.ts'
import { startGiteaWorld } from '../e2e/harness/world.ts'
import type { World } from '../e2e/harness/world.ts'
import { startGrafana } from '../kit/grafana/index.ts'
import type { Grafana } from '../kit/grafana/index.ts'
import { run } from '../kit/process/index.ts'

const blocks = blocksOf('docs/guides/grafana-round-trip.md')
const blockWith = (text: string): string => {
  const found = blocks.find(({ code }) => code.includes(text))
  if (found === undefined) throw new Error(`the page has no block with ${text}`)
  return found.code
}

let world: World<GiteaHost>
let tenant: Tenant
let pulls: GiteaPulls
let staging: Grafana
let production: Grafana
let people: People
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-round-trip-'))
  const providers = blockWith('providers:').replace('/var/lib/grafana', folder)
  ;[world, staging, production] = await Promise.all([
    startGiteaWorld('embedded'),
    startGrafana(),
    startGrafana({ providers: providers.replace(/(updateIntervalSeconds:) \d+/, '$1 1') }),
  ])
  expect(parse(providers)).toMatchObject({ providers: [{ allowUiUpdates: false }] })
  await describeHost(world, 'Gitea')
  tenant = await world.tenant('shop')
  pulls = await giteaPulls(world.host, 'shop')
  people = await letIn(staging, 'Editor')
  await staging.api('POST', '/api/folders', { uid: 'shop', title: 'Shop' })
})
afterAll(async () => {
  await world?.stop()
  await staging?.stop()
  await production?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A save in staging, as Ada does it in her browser. */
function saveAsAda(title: string, version: number, message: string, uid = 'checkout'): Promise<void> {
  const fields = { panels: [{ id: 1, type: 'text', title: message }] }
  return save(staging, uid, { title, version, message, folder: 'shop', as: people.ada, fields })
}

/** Until a request has a commit with this subject on top; then it is merged, and production has the files. */
async function reviewAndMerge(subject: string): Promise<void> {
  const { number } = await waitFor(`a request with ${subject}`, async () => {
    const open = (await pulls.list()).filter(({ state }) => state === 'open')
    const [pull] = open
    if (pull === undefined || open.length > 1)
      throw new Error(JSON.stringify((await state()).map(({ status }) => status)))
    const commits = await tenant.repository.git('log', '--format=%an: %s', `main..${pull.head.sha}`)
    if (!commits.includes(subject)) throw new Error(commits)
    return pull
  })
  await pulls.merge(number)
  await checkOut()
}

const state = (): Promise<KubeObject[]> =>
  Promise.all(
    [
      { kind: 'GitSync', name: 'dashboards' },
      { kind: 'Dashboard', name: 'shop' },
    ].map((one) => world.api.get({ apiVersion: 'gitsync.dev/v1alpha1', namespace: 'shop', ...one })),
  )

/** What git-sync does beside production. */
async function checkOut(): Promise<void> {
  const { user, token, url } = world.host.gitea
  const remote = url.replace('//', `//${user}:${token}@`)
  const place = join(folder, 'audit')
  const exists = await run('git', ['-C', place, 'rev-parse']).then(
    () => true,
    () => false,
  )
  if (exists) await run('git', ['-C', place, 'pull', '--quiet'])
  else await run('git', ['clone', '--quiet', `${remote}/${user}/shop.git`, place])
}

const inProduction = (what: string, wanted: (answer: any, status: number) => boolean): Promise<any> =>
  waitFor(`production has ${what}`, async () => {
    const { body, status } = await production.ask('GET', '/api/dashboards/uid/checkout')
    if (!wanted(body, status)) throw new Error(JSON.stringify(body))
    return body
  })

test('a save in staging is reviewed, merged, and in production; so are a new title and a deletion', async () => {
  // One that stays: Grafana deletes nothing when the folder of its files is gone as a whole.
  await saveAsAda('Stock', 0, 'stays', 'stock')
  await saveAsAda('Checkout', 0, 'first')
  const manifests = blockWith('kind: GitSync')
    .replaceAll('https://grafana.example.com', staging.url)
    .replaceAll('grafana.example.com', '127.0.0.1')
    .replace('glsa_replace-me', people.token)
    .replace('https://git.example.com/platform/audit.git', tenant.repository.url)
  for (const document of parseAllDocuments(manifests)) await world.api.create(document.toJS() as KubeObject)

  await reviewAndMerge('ada: first')
  const first = await inProduction('the first version', ({ dashboard }) => dashboard?.title === 'Checkout')
  expect(first.meta).toMatchObject({ provisioned: true, folderTitle: 'shop' })
  const refused = { dashboard: { ...first.dashboard, title: 'Mine' }, overwrite: true }
  expect((await production.ask('POST', '/api/dashboards/db', refused)).status).toBe(400)

  await saveAsAda('Checkout and payment', 1, 'second')
  // Its interval is a minute.
  await tenant.request('dashboards')
  await reviewAndMerge('ada: second')
  await inProduction('the new title', ({ dashboard }) => dashboard?.title === 'Checkout and payment')
  expect(await production.api('GET', '/api/search?type=dash-db')).toHaveLength(2)

  await staging.api('DELETE', '/api/dashboards/uid/checkout', undefined, people.ada)
  await tenant.request('dashboards')
  await reviewAndMerge('Delete')
  await inProduction('no such dashboard', (_, status) => status === 404)
})
