import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Io } from '@gitsync/protocol/cli'
import { expect, test } from 'vitest'
import { age, printable, printData, table, writeFileTo } from './output.ts'
import type { OutputFlags } from './output.ts'

const NOW = new Date('2026-01-02T00:00:00Z')

test.each([
  ['2026-01-02T00:00:00Z', '0s'],
  ['2026-01-01T23:58:01Z', '119s'],
  ['2026-01-01T23:58:00Z', '2m'],
  ['2026-01-01T22:00:00Z', '2h'],
  ['2025-12-31T00:00:00Z', '2d'],
  ['2026-01-02T00:01:00Z', '0s'],
  [undefined, '<unknown>'],
])('%s is %s ago', (time, shown) => {
  expect(age(time, NOW)).toBe(shown)
})

test('columns line up, and no line ends with a space', () => {
  expect(
    table([
      ['NAME', 'READY'],
      ['a-long-name', ''],
    ]),
  ).toBe('NAME          READY\na-long-name\n')
})

test('what could play tricks on a terminal is left out', () => {
  expect(printable('a\u001b[31mb\u009bc\u202e\td\n')).toBe('a[31mbc\td\n')
})

test('a file is printed as it is, and on a terminal without what could play tricks on it', async () => {
  const bytes = Buffer.from('data:\n\ttitle: \u{1b}]0;owned\u0007é\u009b\r!\u202e\r\n')
  for (const [isTTY, expected] of [
    [false, bytes.toString()],
    [true, 'data:\n\ttitle: \\x1b]0;owned\\x07é\\x9b\\x0d!\\u202e\r\n'],
  ] as const) {
    const stdout = Object.assign(new PassThrough(), { isTTY })
    await writeFileTo(stdout, bytes)
    stdout.end()
    expect(await text(stdout)).toBe(expected)
  }
})

test.each<[OutputFlags, boolean, RegExp]>([
  [{ json: true }, true, /^\{\s*"a":\s*1\s*\}\n$/],
  [{ output: 'json' }, true, /^\{\s*"a":\s*1\s*\}\n$/],
  [{ output: 'yaml' }, true, /^a: 1\n$/],
  [{ output: 'wide' }, false, /^$/],
  [{}, false, /^$/],
])('data with %j: printed %s', async (flags, isPrinted, printed) => {
  const stdout = new PassThrough()
  expect(await printData({ stdout } as unknown as Io, flags, { a: 1, b: undefined })).toBe(isPrinted)
  stdout.end()
  expect(await text(stdout)).toMatch(printed)
})
