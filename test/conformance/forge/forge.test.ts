import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiRequestRecord } from '../../../operator/src/forge/api-client.ts'
import type { ForgeError } from '../../../operator/src/forge/forge-error.ts'
import type { Forge } from '../../../operator/src/forge/forge.ts'
import { openForge } from '../../../operator/src/forge/open-forge.ts'
import { placeOf } from '../../../operator/src/forge/place.ts'
import { guardedDispatcher } from '../../../operator/src/push/guarded-dispatcher.ts'
import { startGiteaForge } from '../../kit/forge/gitea.ts'
import { startGitHub, startGitLab } from '../../kit/forge/index.ts'
import type { ForgeHost, ForgeStandIn } from '../../kit/forge/index.ts'

type Host = ForgeHost & { stop(): Promise<void> } & Partial<ForgeStandIn>

const HOSTS: Readonly<Record<string, { readonly start: () => Promise<Host>; readonly reviewer: string }>> = {
  'Gitea, real': {
    reviewer: 'ann',
    async start() {
      const forge = await startGiteaForge()
      for (const branch of ['a', 'b', 'c', 'd']) await forge.commit(branch, `${branch}.txt`)
      await forge.commit('next', 'next.txt')
      await forge.gitea.api('POST', '/admin/users', {
        username: 'ann',
        email: 'ann@example.com',
        password: 'not-a-secret-1',
        must_change_password: false,
      })
      await forge.gitea.api('PUT', `/repos/${forge.gitea.user}/audit/collaborators/ann`, { permission: 'write' })
      return forge
    },
  },
  'GitHub, stand-in': { reviewer: 'ann', start: startGitHub },
  'GitLab, stand-in': { reviewer: 'ann', start: startGitLab },
}

const policy = { allowPrivateAddresses: true, allowPlainHttp: true }
const agent = guardedDispatcher({ policy, ca: undefined, clientCertificate: undefined, timeoutMs: 30_000 })
afterAll(() => agent.close())

function forgeOf(host: Host, token = host.token, onRequest?: (record: ApiRequestRecord) => void): Forge {
  return openForge(placeOf(host.repository, host.type), {
    dispatcher: agent,
    auth: { username: 'git', password: token },
    userAgent: 'gitsync-test',
    now: () => Date.now(),
    onRequest,
  })
}

describe.each(Object.keys(HOSTS))('%s', (name) => {
  const { start, reviewer } = HOSTS[name] as (typeof HOSTS)[string]
  let host: Host
  let forge: Forge
  const records: ApiRequestRecord[] = []
  beforeAll(async () => {
    host = await start()
    forge = forgeOf(host, undefined, (record) => records.push(record))
  })
  afterAll(async () => {
    await host?.stop()
  })

  const request = { title: 'Update ConfigMap shop/web', body: 'One\n\n<!-- two -->\n', isDraft: false }

  test('is opened, found, updated, labelled, reviewed, closed; a second one for a branch is refused', async () => {
    expect(await forge.find({ head: 'a', base: 'main' })).toBeUndefined()
    const opened = await forge.create({ head: 'a', base: 'main', ...request })
    expect(opened).toMatchObject({ ...request, state: 'Open', labels: [] })
    expect(opened.url).toContain(String(opened.number))
    expect(await forge.find({ head: 'a', base: 'main' })).toEqual(opened)
    expect(await forge.find({ head: 'a', base: 'next' })).toBeUndefined()
    expect(await forge.find({ head: 'b', base: 'main' })).toBeUndefined()
    await expect(forge.create({ head: 'a', base: 'main', ...request })).rejects.toMatchObject({ code: 'Exists' })

    const updated = await forge.update(opened, { title: 'Update 2 objects in shop', body: 'Two' })
    expect(updated).toMatchObject({
      number: opened.number,
      title: 'Update 2 objects in shop',
      body: 'Two',
      state: 'Open',
    })
    expect(await forge.update(updated, { body: '' })).toMatchObject({ title: 'Update 2 objects in shop', body: '' })

    await host.addLabel(opened.number, 'by-people')
    await forge.label(opened.number, { add: ['gitsync', 'area/shop'], remove: [] })
    await forge.label(opened.number, { add: ['gitsync', 'more'], remove: ['area/shop', 'not-there'] })
    expect((await host.labelsOf(opened.number)).sort()).toEqual(['by-people', 'gitsync', 'more'])
    expect([...(await forge.read(opened.number)).labels].sort()).toEqual(['by-people', 'gitsync', 'more'])

    await forge.requestReview(opened.number, [reviewer])
    expect(await host.reviewersOf(opened.number)).toEqual([reviewer])

    expect(await forge.update(updated, { close: true })).toMatchObject({ state: 'Closed' })
    expect(await forge.find({ head: 'a', base: 'main' })).toMatchObject({ number: opened.number, state: 'Closed' })
    const again = await forge.create({ head: 'a', base: 'main', ...request })
    expect(again.number).toBeGreaterThan(opened.number)
    expect(await forge.find({ head: 'a', base: 'main' })).toMatchObject({ number: again.number, state: 'Open' })
  })

  test('what people merge is Merged, and what they close is Closed', async () => {
    const merged = await host.open('b', 'main', 'by a person')
    await host.merge(merged)
    expect(await forge.find({ head: 'b', base: 'main' })).toMatchObject({ number: merged, state: 'Merged' })
    const closed = await host.open('c', 'main', 'by a person')
    await host.close(closed)
    expect(await forge.read(closed)).toMatchObject({ state: 'Closed', title: 'by a person' })
  })

  test('a draft stays one, whatever its title becomes, until somebody says otherwise', async () => {
    const draft = await forge.create({ head: 'd', base: 'main', title: 'Later', body: '', isDraft: true })
    expect(draft).toMatchObject({ title: 'Later', isDraft: true })
    expect(await forge.update(draft, { title: 'Much later' })).toMatchObject({ title: 'Much later', isDraft: true })
  })

  test('a request that does not exist is NotFound, and the message says what else may be wrong', async () => {
    const failure = await forge.read(4711).catch((error: ForgeError) => error)
    expect(failure).toMatchObject({ code: 'NotFound', status: 404 })
    expect((failure as ForgeError).message).toMatch(/GET .*4711 was answered 404.*a token without/)
  })

  test('a wrong token is Unauthorized, and no message has it', async () => {
    const wrong = forgeOf(host, 'wrong-secret-token')
    const failure = (await wrong.find({ head: 'a', base: 'main' }).catch((error: unknown) => error)) as ForgeError
    expect(failure).toMatchObject({ code: 'Unauthorized', status: 401 })
    expect(failure.message).toContain('the login is wrong or has expired, and needs')
    expect(JSON.stringify([failure.message, String(failure.cause), failure.stack])).not.toContain('wrong-secret')
  })

  test('an answer that is lost is found again: the second try of the same request is refused', async () => {
    if (host.loseAnswer === undefined) return
    host.loseAnswer(({ method }) => method === 'POST')
    const place = { head: 'lost', base: 'main' }
    await expect(forge.create({ ...place, ...request })).rejects.toMatchObject({ code: 'Network' })
    await expect(forge.create({ ...place, ...request })).rejects.toMatchObject({ code: 'Exists' })
    expect(await forge.find(place)).toMatchObject({ state: 'Open' })
  })

  test("the request of somebody's fork with a branch of the same name is not ours", async () => {
    if (host.openFromFork === undefined) return
    await host.openFromFork('forked', 'main')
    expect(await forge.find({ head: 'forked', base: 'main' })).toBeUndefined()
  })

  test('every request is told of, without its query', () => {
    expect(
      records.every(({ status, path, ms }) => (status === 0 || status >= 200) && ms >= 0 && !path.includes('?')),
    ).toBe(true)
    expect(records.length).toBeGreaterThan(15)
  })

  test('requests and answers are as the host has published them', () => {
    expect(host.problems ?? []).toEqual([])
    if (host.requests !== undefined) expect(host.requests.length).toBeGreaterThan(15)
  })
})
