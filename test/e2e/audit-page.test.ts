/** The audit page on a real API server: who may see what, to the byte. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestRepository } from '../kit/remote/index.ts'
import { startAuditStand } from './harness/audit-stand.ts'
import type { AuditStand } from './harness/audit-stand.ts'
import { configMap, configMapRef } from './harness/gitsync.ts'
import type { Tenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'

let stand: AuditStand
let shared: TestRepository
let ann: Tenant<TestRepository>
let bob: Tenant<TestRepository>

beforeAll(async () => {
  stand = await startAuditStand()
  // One branch for both: the page has to cut commits, not repositories.
  shared = await stand.host.createRepository('shared')
  const tenant = async (name: string): Promise<Tenant<TestRepository>> => {
    const made = await stand.tenant(name, shared)
    await stand.plane.api.create(configMap(name, `${name}-settings`, { limit: '10' }))
    await made.sync({ path: `${name}/folder` })
    await made.ready()
    return made
  }
  ann = await tenant('anns-shop')
  bob = await tenant('bobs-bank')
})
afterAll(() => stand?.stop())

const fileOf = ({ namespace }: Tenant): string =>
  `${namespace}/folder/${namespace}/configmap/${namespace}-settings.yaml`
const idsOf = async (path: string, ...more: string[]): Promise<string[]> =>
  (await shared.git('log', '--format=%H', ...more, 'main', '--', path)).split('\n').filter((id) => id !== '')

async function setLimit(tenant: Tenant, limit: string): Promise<void> {
  const before = (await idsOf(tenant.namespace)).length
  await stand.plane.api.patch(configMapRef(tenant.namespace, `${tenant.namespace}-settings`), { data: { limit } })
  await waitFor('it is in Git', async () => (await idsOf(tenant.namespace)).length > before)
}

/** Waits until the operator has seen the branch as it is. */
async function seen(...tenants: readonly Tenant[]): Promise<void> {
  for (const tenant of tenants) {
    await tenant.request()
    const tip = (await shared.git('rev-parse', 'main')).trim()
    await waitFor('the operator has seen the branch', async () => {
      const { status } = await tenant.ready()
      return status.observedCommit === tip
    })
  }
}

describe('two tenants of one branch', () => {
  test('each sees its own GitSyncs and changes, and not a byte of the other', async () => {
    await setLimit(ann, '20')
    await setLimit(bob, '30')
    for (const [mine, theirs] of [
      [ann, bob],
      [bob, ann],
    ] as const) {
      const headers = await stand.as(mine.namespace)
      const own = await idsOf(mine.namespace)
      const foreign = await idsOf(theirs.namespace)
      const list = await stand.bytes('/', headers)
      expect(list).toContain(`${mine.namespace}/folder`)
      expect(list).toContain('Ready')
      const timeline = await stand.bytes('/timeline', headers)
      expect(timeline).toMatch(/^200\n/)
      for (const id of own) expect(timeline).toContain(`id=${id}`)
      const [newest = ''] = own
      const commit = await stand.bytes(`/commit?gitsync=${mine.namespace}/sync&id=${newest}`, headers)
      expect(commit).toMatch(/<del>-\s+limit: "10"\n<\/del>/)
      expect(commit).toMatch(/<ins>\+\s+limit: "[23]0"\n<\/ins>/)
      expect(commit).toContain(fileOf(mine))
      for (const page of [list, timeline, commit]) {
        expect(page).not.toContain(theirs.namespace)
        for (const id of foreign) expect(page).not.toContain(id.slice(0, 7))
      }
    }
  })

  test('of a commit about both, each sees its own files, and nobody the message', async () => {
    await shared.commitFiles(
      { 'anns-shop/folder/README.md': 'words of ann\n', 'bobs-bank/folder/README.md': 'words of bob\n' },
      { message: 'Words for bobs-bank and anns-shop\n\nA secret of both.', time: Math.floor(Date.now() / 1000) },
    )
    await seen(ann, bob)
    const [id = ''] = await idsOf('anns-shop/folder/README.md')
    for (const [mine, theirs, word] of [
      [ann, bob, 'ann'],
      [bob, ann, 'bob'],
    ] as const) {
      const headers = await stand.as(mine.namespace)
      const timeline = await stand.bytes('/timeline', headers)
      const commit = await stand.bytes(`/commit?gitsync=${mine.namespace}/sync&id=${id}`, headers)
      for (const page of [timeline, commit]) {
        expect(page).toContain(id)
        expect(page).toContain(`${mine.namespace}/folder/README.md`)
        expect(page).toContain('A change with a message that is not shown')
        expect(page).not.toContain(theirs.namespace)
        expect(page).not.toMatch(/Words for|A secret of/)
      }
      expect(commit).toContain(`words of ${word}`)
      expect(commit).toContain('1 file</h2>')
      expect(commit).not.toContain(`words of ${word === 'ann' ? 'bob' : 'ann'}`)
    }
  })

  test('what somebody else has claimed inside the folder is not shown', async () => {
    const claim = 'cluster: another\ngitsync: another\n'
    await shared.commitFiles(
      { 'anns-shop/folder/inner/.gitsync': claim, 'anns-shop/folder/inner/word': 'of another cluster' },
      { message: 'About another cluster', time: Math.floor(Date.now() / 1000) },
    )
    await seen(ann)
    const [id = ''] = await idsOf('anns-shop/folder/inner')
    const headers = await stand.as('anns-shop')
    const pages = await Promise.all(
      ['/timeline', `/commit?gitsync=anns-shop/sync&id=${id}`].map((path) => stand.bytes(path, headers)),
    )
    for (const page of pages) expect(page).not.toMatch(/inner|another cluster/)
    expect(pages[0]).not.toContain(id)
    expect(pages[1]).toMatch(/^404\n/)
  })

  test('what is asked for by its id, and is of another, of another branch, or does not exist, is all the same', async () => {
    const headers = await stand.as('anns-shop')
    const [bobs = ''] = await idsOf(fileOf(bob))
    await shared.git('branch', 'elsewhere', 'main')
    await shared.commitFiles({ 'anns-shop/folder/x': 'not in main' }, { branch: 'elsewhere' })
    const elsewhere = (await shared.git('rev-parse', 'elsewhere')).trim()
    const tree = (await shared.git('rev-parse', 'main:anns-shop')).trim()
    const targets = [
      `gitsync=anns-shop/sync&id=${bobs}`,
      `gitsync=anns-shop/sync&id=${elsewhere}`,
      `gitsync=anns-shop/sync&id=${tree}`,
      `gitsync=anns-shop/sync&id=${'1'.repeat(40)}`,
      `gitsync=bobs-bank/sync&id=${bobs}`,
      `gitsync=nobodys/sync&id=${bobs}`,
      'gitsync=anns-shop/sync&id=main',
      'gitsync=&id=',
    ]
    const answers = new Set<string>()
    for (const target of targets) {
      const answer = await stand.bytes(`/commit?${target}`, headers)
      answers.add(answer.replaceAll(/\["date","[^"]+"\]/g, ''))
    }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toMatch(/^404\n/)
    const words = ['bobs-bank', 'nobodys']
    const timelines = await Promise.all(words.map((word) => stand.bytes(`/timeline?namespace=${word}`, headers)))
    const [one, other] = timelines.map((text, index) =>
      text.replaceAll(words[index] ?? '', 'WORD').replaceAll(/\["(date|content-length)","[^"]+"\]/g, ''),
    )
    expect(one).toBe(other)
  })

  test('filters: kind, author, time', async () => {
    const headers = await stand.as('anns-shop')
    const count = async (query: string): Promise<number> =>
      (await stand.bytes(`/timeline?${query}`, headers)).split('<h3>').length - 1
    const all = (await idsOf('anns-shop')).length - (await idsOf('anns-shop/folder/inner')).length
    expect(await count('')).toBe(all)
    expect(await count('kind=ConfigMap')).toBe((await idsOf(fileOf(ann))).length)
    expect(await count('kind=Deployment')).toBe(0)
    expect(await count('author=nobody-of-that-name')).toBe(0)
    expect(await count('since=2000-01-01&until=2000-12-31')).toBe(0)
    const today = new Date().toISOString().slice(0, 10)
    expect(await count(`since=${today}`)).toBe(all)
    expect(await stand.bytes('/timeline?since=tomorrow', headers)).toMatch(/^400\n/)
  })

  test('a token for another audience, a wrong one and none at all get nothing', async () => {
    const forServer = await stand.token('anns-shop', 'https://kubernetes.default.svc.cluster.local')
    for (const headers of [{ authorization: `Bearer ${forServer}` }, { authorization: 'Bearer nonsense' }, {}]) {
      for (const path of ['/', '/timeline', '/commit?gitsync=anns-shop/sync&id=1']) {
        const answer = await stand.bytes(path, headers)
        expect(answer).toMatch(/^401\n/)
        expect(answer).not.toMatch(/anns-shop\/|bobs-bank/)
      }
    }
  })

  test('looking again costs the Git host nothing', async () => {
    const headers = await stand.as('anns-shop')
    const [id = ''] = await idsOf(fileOf(ann))
    const look = async (): Promise<void> => {
      await stand.bytes('/timeline', headers)
      await stand.bytes('/timeline?kind=ConfigMap', headers)
    }
    await look()
    const before = stand.host.requestCount()
    await look()
    expect(stand.host.requestCount()).toBe(before)
    expect(await stand.bytes(`/commit?gitsync=anns-shop/sync&id=${id}`, headers)).toMatch(/^200\n/)
  })

  test('credentials are nowhere: neither in pages nor in the log', async () => {
    const token = await stand.token('anns-shop')
    const headers = { authorization: `Bearer ${token}` }
    const all = (await stand.bytes('/', headers)) + (await stand.bytes('/timeline', headers)) + stand.operator.log()
    for (const secret of [token, ...Object.values(stand.host.credentials)]) expect(all).not.toContain(secret)
  })

  test('a right that is taken back is gone within half a minute', async () => {
    const headers = await stand.as('bobs-bank')
    expect(await stand.bytes('/timeline', headers)).toContain('bobs-bank/folder')
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    await stand.plane.api.delete({ apiVersion, kind: 'RoleBinding', namespace: 'bobs-bank', name: 'viewer' })
    const isGone = async (): Promise<boolean> => !(await stand.bytes('/timeline', headers)).includes('bobs-bank/folder')
    await waitFor('nothing is shown any more', isGone, { timeout: 40_000 })
  })
})
