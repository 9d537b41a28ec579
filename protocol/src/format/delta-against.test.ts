import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cpuTime } from '../../../test/kit/process/index.ts'
import { git, gitBytes } from '../../../test/kit/remote/git.ts'
import { applyDelta } from './delta.ts'
import { deltaAgainst, shortestEntry } from './delta-against.ts'
import { objectId, SHA1 } from './object-id.ts'
import { writePack } from './pack-writer.ts'

const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}: ${(i * 7919) % 1009}\n`)
const text = Buffer.from(lines.join(''))
const asBase = (bytes: Buffer): { oid: string; bytes: Buffer } => ({ oid: objectId(SHA1, 'blob', bytes), bytes })

test('applied to the base a delta gives the target, whatever the two are', () => {
  const piece = fc.constantFrom(...lines.slice(0, 40))
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''))),
  )
  fc.assert(
    fc.property(content, content, (base, target) => {
      expect(applyDelta(base, deltaAgainst(base, target), 1 << 20).equals(target)).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['one line changed', lines.with(1000, 'changed\n'), 40],
  ['a line added at the start', ['new\n', ...lines], 20],
  ['a line added at the end', [...lines, 'new\n'], 20],
  ['three lines changed far apart', lines.with(3, 'a\n').with(1000, 'b\n').with(1990, 'c\n'), 80],
  ['halves exchanged', [...lines.slice(1000), ...lines.slice(0, 1000)], 60],
  ['nothing changed', lines, 12],
])('%s: a delta of a few bytes', (_what, changed, most) => {
  const target = Buffer.from(changed.join(''))
  const delta = deltaAgainst(text, target)
  expect(applyDelta(text, delta, 1 << 20).equals(target)).toBe(true)
  expect(delta.length).toBeLessThanOrEqual(most)
})

test('git takes the delta, and has the target afterwards', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-delta-'))
  try {
    await git(dir, dir, ['init', '--quiet', '--bare'])
    await gitBytes(dir, dir, ['hash-object', '-w', '--stdin'], { input: text })
    const target = Buffer.from(lines.with(7, 'seven\n').join(''))
    const entry = shortestEntry('blob', target, asBase(text), SHA1)
    expect(entry.type).toBe('ref-delta')
    await gitBytes(dir, dir, ['index-pack', '--fix-thin', '--stdin', '--strict'], {
      input: Buffer.concat(writePack([entry], SHA1)),
    })
    const read = await gitBytes(dir, dir, ['cat-file', 'blob', objectId(SHA1, 'blob', target)])
    expect(read.equals(target)).toBe(true)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
})

test('what a delta would not make shorter goes whole: small, unlike, or easily compressed', () => {
  const whole = (base: Buffer, target: Buffer): boolean =>
    shortestEntry('blob', target, asBase(base), SHA1).type === 'blob'
  expect(whole(Buffer.from('a: 1\n'), Buffer.from('a: 2\n'))).toBe(true)
  expect(whole(text, Buffer.from('something else entirely '.repeat(50)))).toBe(true)
  expect(whole(text, Buffer.alloc(5000))).toBe(true)
})

test('megabytes without anything alike, or all alike, take well under a second each', () => {
  const noise = (seed: number): Buffer => {
    let state = seed
    return Buffer.from(
      Array.from({ length: 1 << 20 }, () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 24),
    )
  }
  const [one, other] = [noise(1), noise(2)]
  expect(cpuTime(() => deltaAgainst(one, other))).toBeLessThan(2_000)
  const [zeros, pairs] = [Buffer.alloc(1 << 20), Buffer.alloc((1 << 20) + 1, 'ab')]
  expect(cpuTime(() => deltaAgainst(zeros, pairs))).toBeLessThan(2_000)
})
