import { expect, test } from 'vitest'
import { SHA1 } from '../../format/object-id.ts'
import { DELIMITER, FLUSH, packetLine } from '../../format/packet-line.ts'
import { ObjectStore } from '../pack/object-store.ts'
import { isEnough } from './negotiate.ts'
import { uploadPackV2 } from './v2.ts'

// What anybody who may read can ask for. Where the work is more than what is asked for times what is there, these never end.

const REFS = 20_000
const ASKED = 100_000
const id = (number: number): string => number.toString(16).padStart(40, '0')
const state = {
  id: 'r',
  format: SHA1,
  head: 'refs/heads/0',
  refs: new Map(Array.from({ length: REFS }, (_, i) => [`refs/heads/${i}`, { oid: id(i + 1) }])),
  packs: [],
  retired: [],
}
async function ask(command: string, args: readonly string[]): Promise<string> {
  async function* body() {
    yield Buffer.concat([packetLine(`command=${command}`), DELIMITER, ...args.map((line) => packetLine(line)), FLUSH])
  }
  const objects = new ObjectStore([], SHA1)
  const source = { state, latest: async () => state, objectsOf: async () => objects }
  const answer: Buffer[] = []
  for await (const bytes of uploadPackV2(body(), source)) answer.push(bytes)
  return Buffer.concat(answer).toString()
}
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

test('refs by very many prefixes', async () => {
  const answer = await ask('ls-refs', [...times(ASKED, (i) => `ref-prefix refs/tags/${i}`), 'ref-prefix refs/heads/77'])
  expect(answer.match(/refs\/heads\/77\d*\n/g)).toHaveLength(1 + 10 + 100)
  expect(await ask('ls-refs', ['ref-prefix refs/heads/0', 'symrefs'])).toBe(`003a${id(1)} refs/heads/0\n0000`)
})

test('sizes of very many objects', async () => {
  const answer = await ask('object-info', [...times(ASKED, (i) => `oid ${id(i)}`), 'size'])
  expect(answer.slice(0, 8 + 45)).toBe(`0008size002d${id(0)} `)
  await expect(ask('object-info', ['oid x'])).rejects.toThrow('unexpected line "oid x"')
})

test.each(['want', 'have', 'shallow'])('very many lines of %s', async (word) => {
  await expect(ask('fetch', [`want ${id(1)}`, ...times(100_001, (i) => `${word} ${id(i)}`)])).rejects.toMatchObject({
    code: 'LimitExceeded',
  })
})

test('branches that share a long history are found to lead to what the client has, once for all of them', async () => {
  const trunk = 1_000
  const branches = 2_000
  const parentOf = (oid: string): string =>
    Number.parseInt(oid, 16) > trunk ? id(trunk) : id(Number.parseInt(oid, 16) - 1)
  const objects = {
    commit: async (oid: string) => ({ tree: id(0), parents: oid === id(1) ? [] : [parentOf(oid)], time: 1 }),
    peel: async (oid: string) => ({ oid, type: 'commit' as const, tags: [] }),
  }
  const wants = times(branches, (i) => id(trunk + 1 + i))
  expect(await isEnough(objects, wants, [id(1)])).toBe(true)
  expect(await isEnough(objects, wants, [id(500)])).toBe(true)
  expect(await isEnough(objects, [...wants, id(10)], [id(500)])).toBe(false)
  expect(await isEnough(objects, wants, [])).toBe(false)
})
