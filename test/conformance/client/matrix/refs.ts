import { isGitError } from '@gitsync/protocol'
import type { RefResult } from '@gitsync/protocol'
import { expect } from 'vitest'
import type { Operation } from './operation.ts'
import type { Refs } from './seed.ts'
import type { Place } from './world.ts'

const tagger = { name: 'Ann Example', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }
const [MAIN, SIDE, TOPIC] = ['refs/heads/main', 'refs/heads/side', 'refs/heads/topic'] as const

/** What was refused was reported as done. */
const DECEIVED = 'deceived'

/** What `act` does to the server and, by its results, to the list of refs. */
const CHANGING: Readonly<Record<string, (place: Place, refs: Refs) => Promise<unknown>>> = {
  'create a branch': async ({ repo }, refs) => {
    refs.set('refs/heads/new', at(refs, SIDE))
    await repo.createBranch('new', 'side')
  },
  'create a branch from a commit of the past': async ({ repo, seed }, refs) => {
    const past = await seed.git('rev-parse', 'main~2')
    refs.set('refs/heads/new', past)
    await repo.createBranch('new', past)
  },
  'create a branch that exists': ({ repo }) =>
    expect(repo.createBranch('side', 'main')).rejects.toMatchObject({ code: 'RefExists' }),
  'rename a branch': async ({ repo }, refs) => {
    refs.set('refs/heads/renamed', at(refs, SIDE))
    refs.delete(SIDE)
    await repo.renameBranch('side', 'renamed')
  },
  'move a branch forward': async ({ repo }, refs) => {
    refs.set(SIDE, at(refs, MAIN))
    await repo.push([{ ref: SIDE, new: at(refs, MAIN) }])
  },
  'move a branch where it would lose commits': ({ repo }, refs) =>
    expect(repo.push([{ ref: MAIN, new: at(refs, SIDE) }])).rejects.toMatchObject({ code: 'NotFastForward' }),
  'the same with force': async ({ repo }, refs) => {
    const next = at(refs, TOPIC)
    await repo.push([{ ref: SIDE, new: next }], { force: true })
    refs.set(SIDE, next)
  },
  'a lease that holds': async ({ repo }, refs) => {
    await repo.push([{ ref: SIDE, old: at(refs, SIDE), new: at(refs, TOPIC) }], { force: true })
    refs.set(SIDE, at(refs, TOPIC))
  },
  'a lease that does not hold': async ({ repo }, refs) => {
    const pushed = repo.push([{ ref: SIDE, old: at(refs, MAIN), new: at(refs, TOPIC) }], { force: true })
    const error = await pushed.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) return DECEIVED
    expect(error).toMatchObject({ code: 'StaleRef', details: { actual: at(refs, SIDE) } })
  },
  'delete a branch': async ({ repo }, refs) => {
    await repo.deleteRef(SIDE)
    refs.delete(SIDE)
  },
  'delete a branch where it is expected': async ({ repo }, refs) => {
    await repo.deleteRef(SIDE, { expect: at(refs, SIDE) })
    refs.delete(SIDE)
  },
  'delete what does not exist': ({ repo }) =>
    expect(repo.deleteRef('refs/heads/nowhere')).rejects.toMatchObject({ code: 'RefNotFound' }),
  'create a light tag': async ({ repo }, refs) => {
    refs.set('refs/tags/new', at(refs, MAIN))
    await repo.createTag('new', 'main')
  },
  'create an annotated tag': async ({ repo }, refs) => {
    moved(refs, [await repo.createTag('v2', 'main', { message: 'Second', tagger })])
    expect(refs.get('refs/tags/v2')).not.toBe(refs.get(MAIN))
  },
  'tag a tag': async ({ repo }, refs) => {
    moved(refs, [await repo.createTag('v2', 'v1', { message: 'Again', tagger })])
  },
  'create a tag that exists': ({ repo }) =>
    expect(repo.createTag('light', 'main')).rejects.toMatchObject({ code: 'RefExists' }),
  'move a tag with force': async ({ repo }, refs) => {
    refs.set('refs/tags/light', at(refs, MAIN))
    await repo.createTag('light', 'main', { force: true })
  },
  'delete a tag': async ({ repo }, refs) => {
    await repo.deleteRef('refs/tags/v1')
    refs.delete('refs/tags/v1')
  },
  'several at once': async ({ repo }, refs) => {
    const changes = [
      { ref: 'refs/heads/new', old: null, new: at(refs, MAIN) },
      { ref: SIDE, old: at(refs, SIDE), new: null },
      { ref: 'refs/tags/light', old: at(refs, 'refs/tags/light'), new: at(refs, TOPIC) },
    ]
    moved(refs, await repo.push(changes, { force: true }))
  },
  'several at once, one of them stale': async ({ repo }, refs) => {
    const changes = [
      { ref: 'refs/heads/new', old: null, new: at(refs, MAIN) },
      { ref: SIDE, old: at(refs, MAIN), new: at(refs, TOPIC) },
    ]
    const outcome = await repo.push(changes, { force: true }).catch((error: unknown) => error)
    refs.set('refs/heads/new', at(refs, MAIN))
    if (Array.isArray(outcome)) return DECEIVED
    if (!isGitError(outcome, 'StaleRef')) throw outcome
    expect(outcome.details.refs).toMatchObject([{ status: 'ok' }, { status: 'stale', actual: at(refs, SIDE) }])
    return undefined
  },
  'all or none': async ({ repo }, refs) => {
    const changes = [
      { ref: 'refs/heads/new', old: null, new: at(refs, MAIN) },
      { ref: SIDE, old: at(refs, SIDE), new: null },
    ]
    moved(refs, await repo.push(changes, { atomic: true }))
  },
  'all or none, one of them stale': async ({ repo }, refs) => {
    const created = { ref: 'refs/heads/new', old: null, new: at(refs, MAIN) }
    const changes = [created, { ref: SIDE, old: at(refs, MAIN), new: null }]
    const error: unknown = await repo.push(changes, { atomic: true }).catch((reason: unknown) => reason)
    if (!isGitError(error, 'StaleRef')) throw error
    if (error.details.refs?.[0]?.status !== 'ok') return undefined
    expect(error.message).toContain('the server has changed refs/heads/new all the same, in spite of atomic')
    refs.set(created.ref, created.new)
    return DECEIVED
  },
}

function at(refs: Refs, ref: string): string {
  const oid = refs.get(ref)
  if (oid === undefined) throw new Error(`the seed has no ${ref}`)
  return oid
}

function moved(refs: Refs, results: readonly RefResult[]): void {
  for (const { ref, new: next, status } of results) {
    expect(status).toBe('ok')
    if (next === null) refs.delete(ref)
    else refs.set(ref, next)
  }
}

/** Changes to refs, each in a repository of its own. */
export const REF_OPERATIONS: readonly Operation[] = Object.entries(CHANGING).map(([name, act]) => ({
  name: `refs: ${name}`,
  on: 'copy',
  async run(place) {
    const refs = new Map(place.seed.refs)
    return { deceived: (await act(place, refs)) === DECEIVED, refs }
  },
}))
