import { expect, test } from 'vitest'
import { identityKey } from '../objects/object.ts'
import { DesiredFiles } from '../plan/desired-files.ts'
import { dashboardIdentity } from './known-resources.ts'
import { findProblems } from './problems.ts'
import type { Unrendered } from './renderer.ts'
import type { Runtime } from './runtime.ts'

const NOTHING = { failure: undefined, massDeletion: undefined, delayed: undefined, pullRequests: [], unreadable: [] }

function problemsOf(isDashboard: boolean): unknown {
  const desired = new DesiredFiles()
  for (const name of ['a', 'b']) {
    const identity = dashboardIdentity('shop', name)
    const file = { key: identityKey(identity), identity, path: 'same.json', oid: '1' }
    desired.set(isDashboard ? { ...file, isOpaque: true } : file)
  }
  const why: Unrendered = { problem: { reason: 'LimitExceeded', message: 'too large' }, version: '1', isDashboard }
  const runtime = {
    member: { desired, status: NOTHING, settings: {} },
    unrenderable: () => [[identityKey(dashboardIdentity('shop', 'c')), why]],
    unreadable: () => [],
  }
  return findProblems(runtime as unknown as Runtime, []).map(({ reason }) => reason)
}

test('a Dashboard says itself what is wrong with its file', () => {
  expect(problemsOf(true)).toEqual([])
})

test('a Dashboard that is an object like any other, since it names another GitSync, says nothing: the GitSync does', () => {
  expect(problemsOf(false)).toEqual(['PathConflict', 'LimitExceeded'])
})
