import { describe, expect, test } from 'vitest'
import { REASONS } from '../api/reasons.ts'
import type { MemberStatus } from '../push/member-status.ts'
import { findProblems } from './problems.ts'
import { toConditions, toStatus } from './report.ts'
import type { Runtime } from './runtime.ts'
import type { Problem } from './step.ts'

const healthy: MemberStatus = { files: 3, pending: 0, orphans: 0, unreadable: [], pullRequests: [], healthy: true }
const object = {
  apiVersion: 'gitsync.dev/v1alpha1',
  kind: 'GitSync',
  metadata: { name: 'shop', namespace: 'shop', generation: 4 },
}
const types = (problems: readonly Problem[], member: MemberStatus | undefined = healthy): string[] =>
  toConditions(problems, member).map(({ type, status, reason }) => `${type}=${status} ${reason}`)

describe('conditions', () => {
  test('nothing in the way is Ready, and stays so while an edit waits for its window', () => {
    expect(types([])).toEqual(['Ready=True Succeeded'])
    expect(types([], { ...healthy, pending: 1 })).toEqual(['Ready=True Succeeded'])
  })

  test('before the first comparison Ready is Unknown and Reconciling', () => {
    expect(types([], { ...healthy, healthy: false })).toEqual([
      'Ready=Unknown Progressing',
      'Reconciling=True Progressing',
    ])
  })

  test('what needs a person is Stalled, what is tried again is Reconciling, and both can be', () => {
    const stall: Problem = { reason: 'PathConflict', message: 'two' }
    const retry: Problem = { reason: 'Forbidden', message: 'no' }
    expect(types([stall])).toEqual(['Ready=False PathConflict', 'Stalled=True PathConflict'])
    expect(types([retry])).toEqual(['Ready=False Forbidden', 'Reconciling=True Forbidden'])
    expect(types([retry, stall])).toEqual([
      'Ready=False Forbidden',
      'Stalled=True PathConflict',
      'Reconciling=True Forbidden',
    ])
  })

  test('who waits for its turn at the host for long is told until when about, and still what else is wrong', () => {
    const member: MemberStatus = { ...healthy, delayed: { host: 'git.example.com', until: Date.parse('2026-01-01') } }
    const runtime = {
      member: { status: member, settings: {}, desired: { hasConflicts: false }, unreadable: [] },
      unrenderable: () => [],
      unreadable: () => [],
    } as unknown as Runtime
    const problems = findProblems(runtime, [{ reason: 'UnknownKind', message: 'no Foo here' }])
    expect(problems.map(({ reason }) => reason)).toEqual(['UnknownKind', 'RateLimited'])
    const states = toConditions(problems.slice(1), member)
    expect(states.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual([
      'Ready=False RateLimited',
      'Reconciling=True RateLimited',
      'RateLimited=True RateLimited',
    ])
    expect(states[2]?.message).toContain(
      'git.example.com, which takes only so many requests until 2026-01-01T00:00:00.000Z',
    )
  })

  test('Ready names every problem, the worst first', () => {
    const [ready] = toConditions(
      [
        { reason: 'PushRejected', message: 'a hook said no' },
        { reason: 'UnknownKind', message: 'no Foo here' },
      ],
      healthy,
    )
    expect(ready?.reason).toBe('PushRejected')
    expect(ready?.message).toBe(
      `a hook said no. ${REASONS.PushRejected.remedy} no Foo here. ${REASONS.UnknownKind.remedy}`,
    )
  })

  test('problems of one reason share their remedy, which every condition has', () => {
    const forbidden = (message: string): Problem => ({ reason: 'Forbidden', message })
    const states = toConditions(
      [forbidden('no Foo'), { reason: 'PathConflict', message: 'two.' }, forbidden('no Bar')],
      healthy,
    )
    const { Forbidden, PathConflict } = REASONS
    expect(states.map(({ type, message }) => [type, message])).toEqual([
      ['Ready', `no Foo; no Bar. ${Forbidden.remedy} two. ${PathConflict.remedy}`],
      ['Stalled', `two. ${PathConflict.remedy}`],
      ['Reconciling', `no Foo. ${Forbidden.remedy}`],
    ])
  })

  test('before the first comparison nobody knows how many changes there are', () => {
    const [ready] = toConditions([], { ...healthy, files: 8, healthy: false })
    expect(ready?.message).toBe('8 objects are read and compared with the folder')
    const [first] = toConditions([], { ...healthy, files: 1, healthy: false })
    expect(first?.message).toBe('1 object is read and compared with the folder')
  })

  test.each([
    [undefined, '20 files would be deleted, more than half of the folder (confirm-deletion=abc)'],
    ['abc', '20 files would be deleted, more than half of the folder (confirm-deletion=abc)'],
    [
      'old\n',
      '20 files would be deleted, more than half of the folder (confirm-deletion=abc); the annotation now says "old\\n", which is for another deletion',
    ],
  ])('a refused deletion says what confirms it, and that %j does not', (confirmDeletion, message) => {
    const member = {
      settings: { confirmDeletion },
      status: { ...healthy, massDeletion: { token: 'abc', count: 20, recent: 0 } },
      desired: { hasConflicts: false },
    }
    const runtime = { member, unrenderable: () => [], unreadable: () => [] } as unknown as Runtime
    const problems = findProblems(runtime, [])
    expect(problems).toEqual([{ reason: 'MassDeletion', message }])
    const [ready] = toConditions(problems, member.status)
    expect(ready?.message.match(/gitsync\.dev\/confirm-deletion/g)).toHaveLength(1)
  })

  test('RateLimited says until when', () => {
    const states = toConditions([{ reason: 'RateLimited', message: 'slow down' }], { ...healthy, retryAt: 60_000 })
    expect(states.find(({ type }) => type === 'RateLimited')?.message).toBe('slow down until 1970-01-01T00:01:00.000Z')
  })
})

describe('status', () => {
  test('what is not known now keeps what was said before', () => {
    const before = { ...object, status: { files: 7, lastCommit: { sha: 'abc' }, branch: 'main' } }
    const known = { branch: undefined, runtime: undefined, url: undefined }
    const status = toStatus(before, toConditions([{ reason: 'Suspended', message: 'off' }], undefined), known, 1000)
    expect(status).toMatchObject({ files: 7, lastCommit: { sha: 'abc' }, branch: 'main', observedGeneration: 4 })
  })

  test('where each author has a branch no tip is told', () => {
    const before = { ...object, status: { observedCommit: 'abc' } }
    const runtime = {
      member: { status: healthy, settings: { review: { authorBranches: 'review/{author}' } } },
    } as unknown as Runtime
    const status = toStatus(before, [], { branch: 'main', runtime, url: undefined }, 1000)
    expect(status.observedCommit).toBeUndefined()
  })

  test.each([
    ['https://github.com/team/audit.git', 'https://github.com/team/audit/commit/abc'],
    ['https://git.example.com/team/audit', undefined],
    ['https://github.com:99999/team/audit', undefined],
    ['', undefined],
  ])('a commit of %j has the page %s', (url, page) => {
    const member: MemberStatus = { ...healthy, lastCommit: { sha: 'abc', time: 1000 } }
    const runtime = { member: { status: member, settings: {} } } as Runtime
    const status = toStatus(object, toConditions([], member), { branch: 'main', runtime, url }, 1000)
    expect(status.lastCommit?.url).toBe(page)
  })

  test('an unchanged condition keeps its time, so that nothing is written', () => {
    const known = { branch: undefined, runtime: undefined, url: undefined }
    const states = toConditions([], healthy)
    const first = toStatus(object, states, known, 1000)
    const second = toStatus({ ...object, status: first }, states, known, 99_000)
    expect(second).toEqual(first)
  })
})
