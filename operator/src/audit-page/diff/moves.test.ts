import { expect, test } from 'vitest'
import type { LoggedChange } from '../remote/logged-commit.ts'
import { withMove, withMoves } from './moves.ts'

const gone = (path: string, oldOid: string): LoggedChange => ({ status: 'D', path, oldOid, oldMode: 0o100644 })
const come = (path: string, oid: string): LoggedChange => ({ status: 'A', path, oid, mode: 0o100644 })
const moved = (oldPath: string, path: string, oldOid: string, oid: string): LoggedChange => {
  return { status: 'R', oldPath, path, oldOid, oid, mode: 0o100644, oldMode: 0o100644 }
}

test('a file that went and one with its content that came are one that moved, each of them once', () => {
  const changed: LoggedChange = { status: 'M', path: 'b', oldOid: '1', oid: '2' }
  expect(withMoves([gone('a', '1'), changed, come('c', '1'), come('d', '1'), gone('e', '3')])).toEqual([
    changed,
    moved('a', 'c', '1', '1'),
    come('d', '1'),
    gone('e', '3'),
  ])
})

test('where one went and one came that is alike, it has moved and changed', () => {
  const texts = new Map([
    ['1', '{"uid": "u", "title": "Old"}'],
    ['2', '{"uid": "u", "title": "New", "panels": []}'],
    ['3', '{"uid": "v", "title": "Old"}'],
    ['4', `{"uid": "u", "title": "${'x'.repeat(1 << 20)}"}`],
  ])
  expect(withMove([gone('old.json', '1'), come('new.json', '2')], texts)).toEqual([
    moved('old.json', 'new.json', '1', '2'),
  ])
  for (const changes of [
    [gone('old.json', '1'), come('new.json', '3')],
    [gone('old.json', '1'), come('new.json', '4')],
    [gone('old.json', '1'), come('new.json', 'unread')],
    [gone('old.json', '1'), come('new.json', '2'), come('other.json', '2')],
    [gone('old.json', '1')],
  ])
    expect(withMove(changes, texts)).toEqual(changes)
})
