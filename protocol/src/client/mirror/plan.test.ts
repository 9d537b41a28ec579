import { describe, expect, test } from 'vitest'
import { planMirror } from './plan.ts'

const id = (digit: string): string => digit.repeat(40)
const ref = (name: string, digit: string, peeled?: string) => ({
  name,
  oid: id(digit),
  ...(peeled === undefined ? {} : { peeled: id(peeled) }),
})

describe('what is to be done', () => {
  test('new, moved and equal refs; those that the source lacks only when pruning', () => {
    const source = [ref('refs/heads/new', 'a'), ref('refs/heads/moved', 'b'), ref('refs/heads/same', 'c')]
    const target = [ref('refs/heads/moved', 'd'), ref('refs/heads/same', 'c'), ref('refs/heads/extra', 'e')]
    const created = { ref: 'refs/heads/new', old: null, new: id('a') }
    const moved = { ref: 'refs/heads/moved', old: id('d'), new: id('b') }
    expect(planMirror(source, target, false).updates).toEqual([moved, created])
    expect(planMirror(source, target, true).updates).toEqual([
      { ref: 'refs/heads/extra', old: id('e'), new: null },
      moved,
      created,
    ])
  })

  test('what the target has under another name, or behind a tag, is not asked for', () => {
    const source = [ref('refs/heads/a', 'a'), ref('refs/heads/b', 'b'), ref('refs/heads/c', 'c')]
    const target = [ref('refs/heads/x', 'a'), ref('refs/tags/t', 'f', 'b')]
    expect(planMirror(source, target, false).wants).toEqual([id('c')])
  })

  test('first of what the target has stands what moves; tags by their commits', () => {
    const source = [ref('refs/heads/main', 'a'), ref('refs/heads/same', 'c')]
    const target = [
      ref('refs/heads/extra', 'e'),
      ref('refs/heads/main', 'd'),
      ref('refs/heads/same', 'c'),
      ref('refs/tags/t', '1', '2'),
    ]
    expect(planMirror(source, target, false).haves).toEqual([id('d'), id('c'), id('e'), id('2')])
  })

  test('of many refs not all are told', () => {
    const many = Array.from({ length: 5000 }, (_, index) => ({
      name: `refs/heads/b${index}`,
      oid: index.toString(16).padStart(40, '0'),
    }))
    expect(planMirror([ref('refs/heads/main', 'a')], many, false).haves).toHaveLength(2000)
  })
})
