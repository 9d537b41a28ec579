import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { markOf } from '../../plan/request-section.ts'
import { ANN, BEN, content, INTERVAL, pathOf, SILENCE } from '../testing/world.ts'
import type { Tenant, World } from '../testing/world.ts'
import { useWorlds } from '../testing/worlds.ts'
import type { ReviewSettings } from './review-settings.ts'
import { REVIEW, reviewedWorld } from './testing/reviewed-world.ts'
import type { ReviewedWorld } from './testing/reviewed-world.ts'

const HEAD = 'gitsync/shop'
/** Before any commit: of two writes the newer one counts. */
const LONG_AGO = '2020-01-01T00:00:00Z'
const FILE = `shop/${pathOf('a')}`

const worlds = useWorlds()
let world: World

interface Scene extends ReviewedWorld {
  readonly shop: Tenant
  /** A drift look by everybody. */
  readonly look: () => Promise<void>
  /** An edit, and its window over. */
  readonly edit: (name: string, value: string) => Promise<void>
}

async function begin(settings: Partial<ReviewSettings> = {}, objects: Record<string, string> = {}): Promise<Scene> {
  const reviewed = await reviewedWorld((options) => worlds.create(options), HEAD)
  world = reviewed.world
  const shop = world.tenant('shop', { objects, settings: { review: { ...REVIEW, ...settings } } })
  await world.idle()
  return {
    ...reviewed,
    shop,
    look: async () => {
      await world.pass(INTERVAL + 10_000)
      await world.idle()
    },
    edit: (name, value) => world.edit(() => shop.set(name, value, ANN)),
  }
}

const exists = async (): Promise<boolean> => (await world.repository.resolve(HEAD)) !== null
const at = async (branch: string, path: string): Promise<string> =>
  (await world.repository.readFile(branch, path)).toString()

test('nothing to review: no branch, no request, and nobody is asked', async () => {
  const { forge, shop } = await begin()
  expect([forge.calls, await exists(), shop.member.status.healthy]).toEqual([[], false, true])
})

test('a steady state asks Git and the host once an interval', async () => {
  const { forge, look } = await begin({}, { a: '1' })
  expect(forge.calls).toEqual(['find', 'find', 'create'])
  forge.calls.length = 0
  worlds.remote.reset()
  await look()
  expect(forge.calls).toEqual(['read'])
  expect(worlds.remote.requests.length).toBeLessThanOrEqual(2)
})

test('an edit of what is proposed costs one push, and two requests when the text changes', async () => {
  const { forge, edit } = await begin({}, { a: '1', b: '1' })
  forge.calls.length = 0
  worlds.remote.reset()
  await edit('a', '2')
  expect(worlds.remote.requests).toHaveLength(1)
  expect(forge.calls).toEqual(['read', 'update'])
  await edit('c', '1')
  expect(forge.requests).toHaveLength(1)
  expect(forge.requests[0]?.title).toBe('Create 3 objects in shop')
  expect(forge.requests[0]?.body).toContain('`Ann`')
})

test('what people changed stays: a title, words around the text, labels put on and taken off', async () => {
  const { forge, shop, edit, look } = await begin({ labels: ['gitsync', 'shop'], reviewers: ['ann'] }, { a: '1' })
  expect(forge.requests[0]).toMatchObject({ labels: ['gitsync', 'shop'], reviewers: ['ann'] })
  const { body = '' } = forge.requests[0] ?? {}
  forge.edit({ title: 'My title', body: `Before.\n\n${body}\n\nAfter.`, labels: ['mine', 'gitsync'] })
  await edit('b', '1')
  await look()
  expect(forge.requests[0]).toMatchObject({ title: 'My title', labels: ['mine', 'gitsync'], reviewers: ['ann'] })
  expect(forge.requests[0]?.body).toMatch(/^Before\.\n\n<!-- gitsync:begin -->[\s\S]*shop\/b[\s\S]*-->\n\nAfter\.$/)
  shop.change({ review: { ...REVIEW, labels: ['shop', 'new'], reviewers: ['ann', 'ben'] } })
  await look()
  expect(forge.requests[0]).toMatchObject({ labels: ['mine', 'new'], reviewers: ['ann', 'ben'] })
})

test('a host that shows a merge late has its request not closed', async () => {
  const { forge, changes, look, edit } = await begin({}, { a: '1' })
  await forge.merge('squash')
  forge.edit({})
  await look()
  await look()
  expect(await exists()).toBe(false)
  expect(changes.map(({ kind }) => kind)).toEqual(['Opened', 'Merged'])
  await edit('a', '2')
  // The base has it, and the host does not know yet.
  const tree = await world.repository.git('rev-parse', `${HEAD}^{tree}`)
  const who = ['-c', 'user.name=R', '-c', 'user.email=r@example.com']
  const squashed = await world.repository.git(...who, 'commit-tree', tree, '-p', 'main', '-m', 'squashed')
  await world.repository.git('update-ref', 'refs/heads/main', squashed)
  await world.pass(INTERVAL)
  await world.idle()
  expect(forge.requests[1]?.state).toBe('Open')
  forge.edit({ state: 'Merged' })
  await world.pass(10_000)
  await world.idle()
  expect(changes.map(({ kind }) => kind)).toEqual(['Opened', 'Merged', 'Opened', 'Merged'])
  expect(await exists()).toBe(false)
})

test('deleteBranch: false leaves the branch, and the next change goes on in it', async () => {
  const { forge, look, edit, shop } = await begin({ deleteBranch: false }, { a: '1' })
  await forge.merge('merge')
  await look()
  expect([await exists(), shop.member.status.pullRequests.at(-1)?.state]).toEqual([true, 'Merged'])
  await edit('a', '2')
  expect(forge.requests.map(({ state }) => state)).toEqual(['Merged', 'Open'])
})

test.each(['Adopt', 'Stall'] as const)(
  'onDrift %s: what was merged by a person is no edit of theirs',
  async (onDrift) => {
    const { forge, look, shop } = await begin({}, { a: '1', b: '1' })
    shop.change({ onDrift })
    await forge.merge('squash')
    await look()
    await world.edit(() => shop.set('a', '2', ANN, LONG_AGO))
    expect(forge.requests.map(({ state }) => state)).toEqual(['Merged', 'Open'])
    world.restart()
    await world.idle()
    expect([await at(HEAD, FILE), shop.member.status.failure]).toEqual([content('a', '2'), undefined])
    // On the branch under review it is one.
    await world.repository.commitFiles({ [FILE]: content('a', '9') }, { branch: HEAD })
    await look()
    expect(await at(HEAD, FILE)).toBe(content('a', '9'))
  },
)

test('a branch that nobody has used for a request is not removed', async () => {
  const { forge, look } = await begin()
  await world.repository.git('branch', HEAD, 'main')
  await look()
  await look()
  expect(await exists()).toBe(true)
  expect(forge.requests).toEqual([])
})

test('a deletion that was refused with its branch is proposed again when asked for', async () => {
  const { forge, look, shop } = await begin({}, { a: '1', b: '1' })
  await forge.merge('merge')
  await look()
  await world.edit(() => shop.remove('b'))
  expect(forge.requests[1]?.title).toBe('Delete ConfigMap shop/b')
  forge.close()
  await world.repository.git('branch', '-D', HEAD)
  world.restart()
  await world.idle()
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 2, state: 'Closed', isRefused: true })
  expect(await exists()).toBe(false)
  shop.member.save('now', { compare: true })
  await world.pass(1_000)
  await world.idle()
  expect(forge.requests[2]).toMatchObject({ state: 'Open', title: 'Delete ConfigMap shop/b' })
  expect(shop.member.status.pullRequests.at(-1)?.isRefused).toBeUndefined()
})

test('a no is over when what it was about is over', async () => {
  const { forge, look, shop, edit } = await begin({}, { a: '1' })
  await forge.merge('merge')
  await look()
  await edit('a', '2')
  forge.close()
  await world.repository.git('branch', '-D', HEAD)
  await look()
  expect(shop.member.status.pullRequests.at(-1)?.isRefused).toBe(true)
  await edit('a', '1')
  await look()
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 2, state: 'Closed' })
  expect(shop.member.status.pullRequests.at(-1)?.isRefused).toBeUndefined()
  expect(shop.member.status.healthy).toBe(true)
})

test('what was taken back is proposed again when it comes again', async () => {
  const { forge, look, edit } = await begin({}, { a: '1' })
  await forge.merge('merge')
  await look()
  await edit('a', '2')
  await edit('a', '1')
  expect(forge.requests.map(({ state }) => state)).toEqual(['Merged', 'Closed'])
  expect(await exists()).toBe(false)
  await edit('a', '2')
  expect(forge.requests.map(({ state }) => state)).toEqual(['Merged', 'Closed', 'Open'])
})

test('what a host closes because it learns late that a branch was removed is opened again, once', async () => {
  const { forge, shop, look, edit } = await begin({}, { a: '1' })
  await forge.merge('merge')
  await look()
  await edit('a', '2')
  await edit('a', '1')
  await edit('a', '2')
  const states = (): string[] => forge.requests.map(({ state }) => state)
  expect(states()).toEqual(['Merged', 'Closed', 'Open'])
  forge.close()
  await world.pass(30_000)
  await world.idle()
  expect(states()).toEqual(['Merged', 'Closed', 'Closed', 'Open'])
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 4, state: 'Open' })
  forge.close()
  await look()
  expect(states()).toEqual(['Merged', 'Closed', 'Closed', 'Closed'])
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 4, state: 'Closed', isRefused: true })
})

test('what is closed while it is being opened is a no, or the host that is late', async () => {
  const { forge, shop, look, edit } = await begin({ labels: ['x'] }, { a: '1' })
  await forge.merge('merge')
  await look()
  await look()
  forge.closeAt('label')
  await edit('a', '2')
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 2, state: 'Closed', isRefused: true })
  await edit('a', '3')
  await edit('a', '1')
  forge.closeAt('label')
  await edit('a', '3')
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ number: 5, state: 'Open' })
  expect(shop.member.status.pullRequests.at(-1)?.isRefused).toBeUndefined()
})

test('several GitSyncs share a branch and its request', async () => {
  const { forge, edit, look } = await begin({}, { a: '1' })
  const other = world.tenant('zoo', { objects: { z: '1' }, settings: { review: REVIEW } })
  await world.idle()
  expect(forge.requests).toHaveLength(1)
  expect(forge.requests[0]?.title).toBe('Create 2 objects in shop')
  expect(forge.requests[0]?.body).toContain('`shop`, `zoo`')
  await forge.merge('merge')
  await look()
  expect(await exists()).toBe(false)
  await world.edit(() => other.set('z', '2', BEN))
  await edit('a', '2')
  expect(forge.requests).toHaveLength(2)
  await world.edit(() => other.set('z', '1', BEN))
  expect(forge.requests[1]).toMatchObject({ state: 'Open', title: 'Update ConfigMap shop/a' })
})

test('several GitSyncs whose branch the host refuses wait for it', async () => {
  const { shop, look } = await begin()
  const zoo = world.tenant('zoo', { settings: { review: REVIEW } })
  await world.idle()
  const hook = join(world.repository.dir, 'hooks/update')
  await mkdir(join(world.repository.dir, 'hooks'), { recursive: true })
  await writeFile(hook, '#!/bin/sh\nexit 1\n')
  await chmod(hook, 0o755)
  shop.set('a', '1', ANN)
  zoo.set('b', '1', BEN)
  worlds.remote.reset()
  await world.pass(SILENCE)
  expect(worlds.remote.requests.length).toBeLessThan(20)
  await writeFile(hook, '#!/bin/sh\nexit 0\n')
  await look()
  expect([shop, zoo].map(({ member: { status } }) => [status.healthy, status.pending])).toEqual([
    [true, 0],
    [true, 0],
  ])
})

test('an answer that is lost is no second request', async () => {
  const { forge, edit, shop, look } = await begin()
  forge.loseAnswers(3)
  await edit('a', '1')
  await world.pass(60_000)
  await look()
  expect(forge.requests.map(({ state }) => state)).toEqual(['Open'])
  expect(shop.member.status.healthy).toBe(true)
})

test('a host that refuses is a reason, and is asked again; the push has happened', async () => {
  const { forge, edit, shop } = await begin()
  forge.refuse(2)
  await edit('a', '1')
  expect(shop.member.status).toMatchObject({ healthy: false, failure: { reason: 'Unreachable' } })
  expect(await exists()).toBe(false)
  await world.pass(60_000)
  await world.idle()
  expect(forge.requests).toHaveLength(1)
  expect(shop.member.status.healthy).toBe(true)
})

test.each(['a request', 'that a branch goes'])('a host that refuses %s is asked less and less often', async (what) => {
  const { forge, shop, look } = await begin()
  if (what === 'a request') forge.refuse(Number.POSITIVE_INFINITY)
  else await world.repository.git('config', 'receive.denyDeletes', 'true')
  await world.edit(() => shop.set('a', '1'))
  await world.edit(() => shop.remove('a'))
  worlds.remote.reset()
  const before = forge.calls.length
  await world.pass(INTERVAL)
  expect(forge.calls.length - before).toBeLessThan(30)
  expect(worlds.remote.requests.length).toBeLessThan(150)
  forge.refuse(0)
  await world.repository.git('config', '--unset-all', 'receive.denyDeletes').catch(() => undefined)
  await look()
  expect([await exists(), shop.member.status.healthy]).toEqual([false, true])
})

test('foreign commits outside that contradict the base are left to people', async () => {
  const { edit, look, shop, forge } = await begin({}, { a: '1' })
  await world.repository.commitFiles({ README: 'theirs on the branch\n' }, { branch: HEAD })
  await world.repository.commitFiles({ README: 'theirs on the base\n', [`shop/${pathOf('a')}`]: 'by hand\n' })
  await look()
  await edit('b', '1')
  expect(await at(HEAD, 'README')).toBe('theirs on the branch\n')
  expect(await world.repository.git('log', '--merges', '--format=%s', HEAD)).toBe('')
  expect(forge.requests[0]).toMatchObject({ state: 'Open', title: expect.stringContaining('2 objects') as string })
  expect(shop.member.status.healthy).toBe(true)
})

test('who owns the folder in the base owns it', async () => {
  const { look, shop } = await begin({}, { a: '1' })
  await world.repository.commitFiles({ 'shop/.gitsync': 'cluster: other\ngitsync: other\n' })
  await look()
  expect(shop.member.status.failure).toMatchObject({ reason: 'FolderClaimed' })
  expect(await at('main', 'shop/.gitsync')).toContain('other')
})

test('a base that does not exist is told by its name', async () => {
  const { shop } = await begin({}, { a: '1' })
  await world.repository.git('branch', '-m', 'main', 'trunk')
  shop.member.save('now', { compare: true })
  await world.pass(1_000)
  await world.idle()
  expect(shop.member.status.failure).toMatchObject({ reason: 'BranchNotFound' })
})

test('the mark tells what is proposed, and no more', async () => {
  const { forge } = await begin({ labels: ['x'] }, { a: '1' })
  const mark = markOf(forge.requests[0]?.body ?? '')
  expect(Object.keys(mark ?? {}).sort()).toEqual(['labels', 'reviewers', 'state', 'text', 'title'])
})

test('GitLab opens the request by push options, and the push has its page', async () => {
  const { shop, edit, look, forge } = await begin({ via: 'PushOptions', hostType: 'GitLab', labels: ['a', 'b'] })
  const { dir } = world.repository
  await world.repository.git('config', 'receive.advertisePushOptions', 'true')
  const log = join(dir, 'options')
  const hook = `#!/bin/sh
i=0
while [ "$i" -lt "\${GIT_PUSH_OPTION_COUNT:-0}" ]; do eval "echo \\"\\$GIT_PUSH_OPTION_$i\\"" >>'${log}'; i=$((i + 1)); done
echo 'View merge request: https://gitlab.example.com/a/b/-/merge_requests/12'
`
  await mkdir(join(dir, 'hooks'), { recursive: true })
  await writeFile(join(dir, 'hooks', 'pre-receive'), hook)
  await chmod(join(dir, 'hooks', 'pre-receive'), 0o755)
  await edit('a', '1')
  expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual([
    'merge_request.create',
    'merge_request.target=main',
    'merge_request.remove_source_branch',
    'merge_request.title=Update ConfigMap shop/a',
    'merge_request.label=a',
    'merge_request.label=b',
  ])
  const url = 'https://gitlab.example.com/a/b/-/merge_requests/12'
  expect(shop.member.status.pullRequests.at(-1)).toMatchObject({ state: 'Open', number: 12, url, branch: HEAD })
  expect(shop.member.status.healthy).toBe(true)
  shop.remove('a')
  await world.pass(SILENCE)
  await look()
  expect([await exists(), shop.member.status.pullRequests.at(-1)?.state]).toEqual([false, 'Closed'])
  expect(forge.calls).toEqual([])
})

test('push options on a host that has none for it are refused before anything is pushed', async () => {
  const { shop, edit } = await begin({ via: 'PushOptions', hostType: 'GitHub' })
  await edit('a', '1')
  expect(shop.member.status.failure).toMatchObject({
    reason: 'PullRequestRefused',
    message: expect.stringMatching(/^push\.pullRequest\.via PushOptions: GitHub .* set it to API$/) as string,
  })
  expect(await exists()).toBe(false)
})
