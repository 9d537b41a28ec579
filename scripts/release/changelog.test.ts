import { expect, test } from 'vitest'
import { notes, release } from './changelog.ts'

const TEXT = '# Changelog\n\n## Unreleased\n\n- new\n\n## 0.1.0 (2026-01-01)\n\n- first\n'

test('what is unreleased becomes a version, and the next has an empty section', () => {
  const after = release(TEXT, '0.2.0', '2026-02-02')
  expect(after).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-02-02)\n\n- new\n\n## 0.1.0 (2026-01-01)\n\n- first\n',
  )
  expect(notes(after, '0.2.0')).toBe('- new')
  expect(notes(after, '0.1.0')).toBe('- first')
})

test('a version is released once, and not without a word', () => {
  expect(() => release(TEXT, '0.1.0', '2026-02-02')).toThrow('has a section 0.1.0 already')
  expect(() => release('# Changelog\n\n## Unreleased\n\n## 0.1.0 (x)\n\n- first\n', '0.2.0', 'x')).toThrow(
    'says nothing',
  )
  expect(() => notes(TEXT, '0.3.0')).toThrow('no section 0.3.0')
})
