import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { openRepository } from '../client/open-repository.ts'
import { GitError } from '../format/errors.ts'
import { serializeCommit } from '../format/commit.ts'
import { objectId, SHA1 } from '../format/object-id.ts'
import { Mode, serializeTree } from '../format/tree.ts'
import { capabilitiesAnswer, errorAnswer, oldRefsAnswer, packAnswer, refsAnswer, reportAnswer } from './answers.ts'
import { fakeTransport } from './fake-transport.ts'
import type { ScriptStep } from './fake-transport.ts'
import { memoryRemote } from './memory-remote.ts'

const URL = 'https://git.example.com/site.git'
const author = { name: 'Ann', email: 'ann@example.com', date: new Date(0) }
const blob = Buffer.from('hello\n')
const tree = serializeTree([{ mode: Mode.file, rawName: 'a', oid: objectId(SHA1, 'blob', blob) }])
const commit = serializeCommit({
  tree: objectId(SHA1, 'tree', tree),
  parents: [],
  author,
  committer: author,
  message: 'm',
})
const tip = objectId(SHA1, 'commit', commit)
const main = { name: 'refs/heads/main', oid: tip }

const open = (script: Parameters<typeof fakeTransport>[0]) => {
  const { transport, requests } = fakeTransport(script)
  return { repo: openRepository(URL, { transport, retry: { sleep: () => Promise.resolve() } }), requests }
}

test('a script answers one request after the other, and remembers them', async () => {
  const { repo, requests } = open([
    refsAnswer([main]),
    packAnswer([
      { type: 'commit', bytes: commit },
      { type: 'tree', bytes: tree },
    ]),
    packAnswer([{ type: 'blob', bytes: blob }]),
  ])
  expect((await repo.file('main', 'a')).bytes.toString()).toBe('hello\n')
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(Array(3).fill(`POST ${URL}/git-upload-pack`))
  expect(requests[2]?.lines).toContain(`want ${objectId(SHA1, 'blob', blob)}`)
})

test('a script that is too short says which request it lacks', async () => {
  const { transport } = fakeTransport([])
  await expect(transport({ method: 'GET', url: URL, headers: {} })).rejects.toThrow(/before request 1: GET/)
})

test('steps may fail, and send requests on, compressed ones too', async () => {
  const remote = memoryRemote()
  const steps: ScriptStep[] = [new GitError('Network', 'cut'), { status: 503 }]
  const { repo, requests } = open((_request, index) => steps[index] ?? remote.transport)
  const edit = await repo.edit('main')
  const paths = Array.from({ length: 100 }, (_, i) => `file-${i}`)
  for (const path of paths) edit.put(path, path)
  await edit.commit({ message: 'm', author })
  expect(await edit.push()).toMatchObject({ status: 'pushed' })
  expect(requests).toHaveLength(4)
  const files = await repo.files('main', paths)
  expect(files.map(({ bytes }) => bytes.toString())).toEqual(paths)
  expect(requests.at(-1)?.headers['content-encoding']).toBe('gzip')
  expect(requests.at(-1)?.lines).toContain(`want ${files[99]?.oid}`)
})

test('compressed bodies are seen as they were before', async () => {
  const { transport, requests } = fakeTransport([{}])
  const headers = { 'content-encoding': 'gzip' }
  await transport({ method: 'POST', url: URL, headers, body: [gzipSync('0009line\n0000rest')] })
  expect(requests[0]).toMatchObject({ lines: ['line'], body: Buffer.from('0009line\n0000rest') })
})

test('answers of servers that are old, unwilling or strict are understood as such', async () => {
  const old = open((_request, index) =>
    index === 0 ? { status: 500 } : oldRefsAnswer('git-upload-pack', [main], ['shallow']),
  )
  expect(await old.repo.tip('main')).toBe(tip)
  const unwilling = open([errorAnswer('go away'), capabilitiesAnswer(['ls-refs', 'fetch']), errorAnswer('go away')])
  await expect(unwilling.repo.refs()).rejects.toMatchObject({ code: 'Unsupported', details: { remote: ['go away'] } })
  const report = reportAnswer(new Map([['refs/heads/x', 'protected']]), { messages: 'ask Ann\n' })
  const strict = open(({ url }) => (url.endsWith('receive-pack') ? report : refsAnswer([])))
  await expect(strict.repo.push([{ ref: 'refs/heads/x', old: null, new: tip }])).rejects.toMatchObject({
    code: 'Rejected',
    details: { remote: ['protected', 'ask Ann'] },
  })
})
