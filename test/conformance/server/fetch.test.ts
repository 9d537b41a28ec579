import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gitBytes } from '../../kit/remote/git.ts'
import { startStand } from './fixture.ts'
import type { Stand } from './fixture.ts'

// Requests as other clients than stock git make them, and what they get, told by stock git.

let stand: Stand
beforeAll(async () => {
  stand = await startStand('memory')
})
afterEach(() => expect(stand.errors).toEqual([]))
afterAll(() => stand.stop())

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text

/** The packets of an answer, and the pack that is in them. */
async function fetched(repository: string, ...lines: string[]): Promise<{ words: string[]; pack: Buffer }> {
  const answer = await fetch(`${stand.url}/me/${repository}.git/git-upload-pack`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' },
    body: `${line('command=fetch')}0001${lines.map(line).join('')}0000`,
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const words: string[] = []
  const pack: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 4), 16)
    const payload = bytes.subarray(at + 4, at + length)
    if (length > 4 && words.includes('packfile')) pack.push(payload.subarray(1))
    else if (length > 4) words.push(payload.toString().trimEnd())
    at += Math.max(length, 4)
  }
  return { words, pack: Buffer.concat(pack) }
}

/** Ids of the objects of a pack. */
async function objectsOf(pack: Buffer, name: string): Promise<string[]> {
  await stand.git('.', 'init', '-q', '--bare', name)
  await gitBytes(join(stand.folder, name), stand.folder, ['index-pack', '--stdin', '--fix-thin'], { input: pack })
  return (await stand.git(name, 'cat-file', '--batch-all-objects', '--batch-check=%(objectname)')).split('\n')
}

test('a tag of a tag comes along as a whole', async () => {
  const tree = await stand.tree('tagged')
  await stand.git(tree, 'tag', '-a', '-m', 'inner', 'inner')
  await stand.git(tree, 'tag', '-a', '-m', 'outer', 'outer', 'inner')
  await stand.git(tree, 'push', '-q', `${stand.url}/me/tagged.git`, 'main', 'outer')
  const want = `want ${await stand.git(tree, 'rev-parse', 'HEAD')}`
  const { pack } = await fetched('tagged', want, 'include-tag', 'done')
  const tags = (await stand.git(tree, 'rev-parse', 'inner', 'outer')).split('\n')
  expect(await objectsOf(pack, 'with-tags')).toEqual(expect.arrayContaining(tags))
})

test('who has nothing and says so by silence gets the pack at once, as from stock git', async () => {
  const tree = await stand.tree('silent')
  await stand.git(tree, 'push', '-q', `${stand.url}/me/silent.git`, 'main')
  const head = await stand.git(tree, 'rev-parse', 'HEAD')
  const { words, pack } = await fetched('silent', `want ${head}`)
  expect(words).toEqual(['packfile'])
  expect(await objectsOf(pack, 'silent-copy')).toContain(head)
  expect((await fetched('silent', `want ${head}`, 'wait-for-done')).words).toEqual(['acknowledgments', 'NAK'])
  expect((await fetched('silent', `want ${head}`, `have ${'1'.repeat(40)}`)).words).toEqual(['acknowledgments', 'NAK'])
})

test('a shallow clone that moves on gets what changed, not all files again', async () => {
  const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`d${i % 6}/f${i}`, `${i}`]))
  const tree = await stand.tree('wide', files)
  const url = `${stand.url}/me/wide.git`
  for (let i = 0; i < 4; i++) await stand.commit(tree, { 'd0/f0': `x${i}` })
  await stand.git(tree, 'push', '-q', url, 'main')
  await stand.git('.', 'clone', '-q', '--depth', '1', url, 'narrow')
  const old = await stand.git('narrow', 'rev-parse', 'HEAD')
  const head = await stand.commit(tree, { 'd1/f1': 'y' })
  await stand.git(tree, 'push', '-q', url, 'main')
  const sent = async (...lines: string[]): Promise<number> => {
    const { words, pack } = await fetched('wide', ...lines, 'done')
    expect(words).toContain('packfile')
    return (await objectsOf(pack, `wide-${lines.length}`)).length
  }
  // Commit, tree of the root, tree of the folder, file.
  expect(await sent(`want ${head}`, `have ${old}`, `shallow ${old}`, 'deepen 1')).toBe(4)
  expect(await sent(`want ${old}`, `have ${old}`, `shallow ${old}`, 'deepen 1', 'deepen-relative')).toBe(4)
  for (const how of ['--depth=1', '--deepen=1', '--unshallow']) {
    await stand.git('narrow', 'fetch', '-q', how)
    expect(await stand.git('narrow', 'fsck', '--strict')).not.toMatch(/error|missing/)
  }
})

test('a merge of very many parents', async () => {
  const tree = await stand.tree('octopus')
  const parents: string[] = []
  for (let i = 0; i < 40; i++) parents.push('-p', await stand.commit(tree, { [`f${i}`]: `${i}` }))
  const merge = await stand.git(tree, 'commit-tree', '-m', 'merge', ...parents, 'HEAD^{tree}')
  await stand.git(tree, 'push', '-q', `${stand.url}/me/octopus.git`, `${merge}:refs/heads/main`)
  await stand.git('.', 'clone', '-q', `${stand.url}/me/octopus.git`, 'octopus-copy')
  expect(await stand.git('octopus-copy', 'fsck', '--strict')).not.toMatch(/error|missing/)
  expect(await stand.git('octopus-copy', 'rev-parse', 'HEAD')).toBe(merge)
})
