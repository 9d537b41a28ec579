import { expect, test } from 'vitest'
import { cpuTime } from '../../../../test/kit/process/index.ts'
import { contentId } from '../content-id.ts'
import { parsePointer } from '../ignore.ts'
import { toYaml } from '../yaml.ts'
import { editFile, MAX_FILE_BYTES, readFile } from './file.ts'
import { parseYaml } from './exact-yaml.ts'

const YAML = { format: 'YAML' } as const
const bytes = (text: string): Buffer => Buffer.from(text)
const object = (name: string, data: Record<string, unknown> = {}): string =>
  toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })
const key = (name: string): string => `ConfigMap//${name}`

test('documents are read whatever stands around them; their ids are those of the printed object', () => {
  const text = `# head\n---   # one\n${object('a').replace('data:', 'data: # x')}---\n\n---\n- 1\n---\n{"kind": "ConfigMap", "apiVersion": "v1", "data": {}, "metadata": {"name": "b"}}`
  const { documents } = readFile(bytes(text), YAML)
  expect(documents?.map((document) => [document.key, document.oid])).toEqual([
    [key('a'), contentId(bytes(object('a')))],
    [null, ''],
    [key('b'), contentId(bytes(object('b')))],
  ])
})

test.each([
  ['a merge conflict', 'a: 1\n<<<<<<< HEAD\n'],
  ['a key twice', 'a: 1\na: 2\n'],
  ['a tag', 'a: !!binary aGk=\n'],
  ['a list as a key', '? [a]\n: 1\n'],
  ['no UTF-8', Buffer.from([0x61, 0x3a, 0xff])],
  [
    'too many aliases',
    `a: &a [${'x,'.repeat(500)}]\n${Array.from({ length: 1000 }, (_, i) => `b${i}: *a\n`).join('')}`,
  ],
  ['an alias of itself', 'a: &a [*a]\n'],
  ['too large', Buffer.alloc(MAX_FILE_BYTES + 1, 'a')],
])('%s cannot be read, and says why', (_name, content) => {
  const reading = readFile(typeof content === 'string' ? bytes(content) : content, YAML)
  expect(reading).toMatchObject({ documents: null, problem: expect.stringMatching(/./) })
})

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n'
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('')

test.each([
  ['aliases', `${head}  x: &x 1\n${lines(20_000, (i) => `  k${i}: *x\n`)}`],
  ['keys', `${head}${lines(20_000, (i) => `  k${i}: 1\n`)}`],
  ['merged keys', `a: &a\n${lines(60_000, (i) => `  k${i}: 1\n`)}b:\n  <<: *a\n`],
  ['items', `a:\n${'- 1\n'.repeat(1_000_000)}`],
  ['items of several documents', `a:\n${'- 1\n'.repeat(90_000)}---\n`.repeat(11)],
  ['digits', `a: +1${'1'.repeat(3_000_000)}\n`],
  ['brackets', '['.repeat(1_000_000)],
])('many %s in a file keep nobody waiting', (_name, text) => {
  expect(cpuTime(() => readFile(bytes(text), YAML))).toBeLessThan(5_000)
})

test.each(['y', 'N', '.inf', '.nan', '+1e999', '-.5e999', `0x${'f'.repeat(500)}`])(
  'a file with the scalar %s can be read and is no printed one; the scalar is written over',
  (scalar) => {
    const text = `${head}  x: ${scalar} # why\n`
    const { documents } = readFile(bytes(text), YAML)
    expect(documents?.map(({ oid }) => oid)).toEqual([contentId(bytes(text))])
    const edits = [{ key: key('a'), content: bytes(object('a', { x: 'z' })) }]
    expect(Buffer.from(editFile(bytes(text), edits, YAML).bytes ?? []).toString()).toBe(`${head}  x: z # why\n`)
  },
)

test('a scalar about which readers differ stays where it is ignored', () => {
  const style = { ...YAML, ignore: [parsePointer('/data/x')] }
  const edits = [{ key: key('a'), content: bytes(object('a', { z: 'new' })) }]
  const edited = editFile(bytes(`${head}  x: y\n  z: old\n`), edits, style).bytes ?? []
  expect(Buffer.from(edited).toString()).toBe(`${head}  x: y\n  z: new\n`)
})

test('many ignored values in a file keep nobody waiting', () => {
  const style = { ...YAML, ignore: [parsePointer('/data/*')] }
  const edits = [{ key: key('a'), content: bytes(object('a', { z: 'new' })) }]
  const many = bytes(`${head}${lines(20_000, (i) => `  k${i}: 1\n`)}`)
  expect(cpuTime(() => editFile(many, edits, style))).toBeLessThan(10_000)
})

test.each([
  ['0644', 420],
  ['0o644', 420],
  ['0x1F', 31],
  ['1_000', 1000],
  ['+3', 3],
  ['.5', 0.5],
  ['yes', true],
  ['Off', false],
  ['~', null],
  ['', null],
  ['2024-01-01', '2024-01-01'],
  ['10.0.0.1', '10.0.0.1'],
  ['12:30', '12:30'],
  ['"yes"', 'yes'],
])('a scalar %j is read as kubectl reads it', (text, value) => {
  expect(parseYaml(`a: ${text}\n`).value).toEqual({ a: value })
})

test('what is ignored is no difference, and stays in the file', () => {
  const style = { ...YAML, ignore: [parsePointer('/data/noise')] }
  const text = object('a', { noise: 'ours', x: '1' })
  expect(readFile(bytes(text), style).documents?.[0]?.oid).toBe(contentId(bytes(object('a', { x: '1' }))))
  const { bytes: edited } = editFile(bytes(text), [{ key: key('a'), content: bytes(object('a', { x: '2' })) }], style)
  expect(String(Buffer.from(edited ?? []))).toBe(object('a', { noise: 'ours', x: '2' }))
})

test('merged maps: the whole is printed anew below its leading comments, since no place in it could be edited', () => {
  const text = `# ours\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nbase: &b {x: "1"}\ndata:\n  <<: *b\n`
  const { bytes: edited, reading } = editFile(
    bytes(text),
    [{ key: key('a'), content: bytes(object('a', { x: '2' })) }],
    YAML,
  )
  expect(String(Buffer.from(edited ?? []))).toBe(`# ours\n${object('a', { x: '2' })}`)
  expect(reading.documents?.[0]?.oid).toBe(contentId(bytes(object('a', { x: '2' }))))
})

test('an object is added in order, and the file goes with its last one', () => {
  const content = (name: string): Buffer => bytes(object(name))
  const first = editFile(
    null,
    ['b', 'a'].map((name) => ({ key: key(name), content: content(name) })),
    YAML,
  )
  expect(String(Buffer.from(first.bytes ?? []))).toBe(`${object('a')}---\n${object('b')}`)
  const second = editFile(
    first.bytes,
    [
      { key: key('aa'), content: content('aa') },
      { key: key('a'), content: null },
    ],
    YAML,
  )
  expect(String(Buffer.from(second.bytes ?? []))).toBe(`${object('aa')}---\n${object('b')}`)
  const last = editFile(
    second.bytes,
    ['aa', 'b'].map((name) => ({ key: key(name), content: null })),
    YAML,
  )
  expect(last.bytes).toBeNull()
})
