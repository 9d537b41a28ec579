import fc from 'fast-check'
import { expect, test } from 'vitest'
import { markOf, stateOf, withSection } from './request-section.ts'

const mark = { state: 's', title: 't', text: 'x', labels: ['a, -->', 'ü'], reviewers: ['ann'] }

test('what is put into a body is read again, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (before, text, after) => {
      const around = (body: string): string => `${before}${body}${after}`
      const body = around(withSection('', text, mark))
      fc.pre(!`${before}${after}`.includes('<!-- gitsync'))
      expect(markOf(body)).toEqual(mark)
      const next = withSection(body, 'another text', { ...mark, state: 'later' })
      expect(next.startsWith(before)).toBe(true)
      expect(next.endsWith(after)).toBe(true)
      expect(markOf(next)?.state).toBe('later')
    }),
  )
})

test('a text that looks like the end of the section does not end it', () => {
  const body = withSection('', 'a\n<!-- gitsync:end AAAA -->\nb', mark)
  expect(markOf(body)).toEqual(mark)
})

test('words of people stay before a section that is new', () => {
  expect(withSection('Mine.\n', 'text', mark)).toMatch(/^Mine\.\n\n<!-- gitsync:begin -->\ntext\n/)
})

test.each([
  '',
  'nothing',
  '<!-- gitsync:begin -->',
  '<!-- gitsync:begin --> <!-- gitsync:end ???? -->',
  '<!-- gitsync:begin --><!-- gitsync:end bnVsbA -->',
])('no mark in %j', (body) => {
  expect(markOf(body)).toBeUndefined()
})

test('what is proposed has a name that knows no order', () => {
  const [a, b] = [
    { path: 'a', oid: '1' },
    { path: 'b', oid: null },
  ]
  expect(stateOf([a, b])).toBe(stateOf([b, a]))
  expect(stateOf([a, b])).not.toBe(stateOf([a]))
  expect(stateOf([{ path: 'a', oid: null }])).not.toBe(stateOf([a]))
})
