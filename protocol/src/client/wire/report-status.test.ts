import { expect, test } from 'vitest'
import { ByteReader } from '../../format/byte-reader.ts'
import { FLUSH, packetLine } from '../../format/packet-line.ts'
import { readReport } from './report-status.ts'
import type { PushReport } from './report-status.ts'

function report(...lines: string[]): Promise<PushReport> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const line of lines) yield packetLine(`${line}\n`)
    yield FLUSH
  }
  return readReport(new ByteReader(chunks()), (text) => text, new Set(['refs/heads/main', 'refs/for/main']))
}

test('what was pushed is told of, each with its reason and what a hook did instead', async () => {
  const { unpack, refs, options } = await report(
    'unpack ok',
    'ng refs/heads/main not today',
    'ok refs/for/main',
    'option refname refs/changes/1',
    'option forced-update',
  )
  expect(unpack).toBe('ok')
  expect([...refs]).toEqual([
    ['refs/heads/main', 'not today'],
    ['refs/for/main', null],
  ])
  expect([...options]).toEqual([['refs/for/main', { refName: 'refs/changes/1', forcedUpdate: true }]])
})

test('lines about other refs are not kept: there could be any number of them', async () => {
  const others = Array.from({ length: 50 }, (_, i) => [`ok refs/heads/x${i}`, `option refname refs/heads/y${i}`])
  const { refs, options } = await report('unpack ok', 'option refname refs/z', ...others.flat(), 'ok refs/heads/main')
  expect([...refs.keys()]).toEqual(['refs/heads/main'])
  expect(options.size).toBe(0)
})
