import { expect, test } from 'vitest'
import { isSameVersion, pageOf, readSourceTrailers, sourceTrailer } from './source-trailer.ts'

test('what a commit says is read again, of several the last', () => {
  const page = pageOf({ url: 'https://grafana.example.com/below/', uid: 'a-B_1' })
  expect(page).toBe('https://grafana.example.com/below/d/a-B_1')
  const seventh = { version: 7, savedAt: Date.parse('2026-01-31T12:00:00Z') }
  const line = sourceTrailer(page, seventh)
  expect(line).toBe('Gitsync-Source: https://grafana.example.com/below/d/a-B_1 version 7 of 2026-01-31T12:00:00Z')
  const other = sourceTrailer('https://grafana.example.com/d/b', { version: 1, savedAt: 0 })
  const squashed = `Squash\n\n${sourceTrailer(page, { ...seventh, version: 6 })}\n${other}\n\n${line}\n`
  expect(readSourceTrailers(squashed)).toEqual(
    new Map([
      [page, seventh],
      ['https://grafana.example.com/d/b', { version: 1, savedAt: 0 }],
    ]),
  )
})

test('what people write is no such line', () => {
  const line = sourceTrailer('https://g.example/d/a', { version: 7, savedAt: 0 })
  for (const text of [`> ${line}`, ` ${line}`, `${line} and more`, line.replace('version 7', 'version x')])
    expect(readSourceTrailers(`Save\n\n${text}\n`).size).toBe(0)
})

test('a version of the same number that was saved at another time is another one', () => {
  expect(isSameVersion({ version: 1, savedAt: 0 }, { version: 1, savedAt: 0 })).toBe(true)
  expect(isSameVersion({ version: 1, savedAt: 0 }, { version: 1, savedAt: 1_000 })).toBe(false)
  expect(isSameVersion(undefined, undefined)).toBe(false)
})
