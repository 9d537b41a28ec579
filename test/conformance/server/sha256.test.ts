import { SHA256 } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { startStand } from './fixture.ts'

test('repositories of SHA-256: pushed, cloned, changed, cloned in part', async () => {
  const stand = await startStand('memory', { format: SHA256 })
  try {
    await stand.git('.', 'init', '-q', '-b', 'main', '--object-format=sha256', 'src')
    const url = `${stand.url}/me/long.git`
    for (const text of ['1', '2', '3']) {
      await stand.commit('src', { 'a/b': text.repeat(500), c: text })
      await stand.git('src', 'push', '-q', url, 'main')
    }
    await stand.git('src', 'tag', '-a', '-m', 'a tag', 'v1')
    await stand.git('src', 'push', '-q', url, 'v1')
    for (const [tree, ...flags] of [['whole'], ['shallow', '--depth=1'], ['partial', '--filter=blob:none']]) {
      await stand.git('.', 'clone', '-q', ...flags, url, tree ?? '')
      expect(await stand.git(tree ?? '', 'rev-parse', 'HEAD')).toBe(await stand.git('src', 'rev-parse', 'HEAD'))
      expect(await stand.git(tree ?? '', 'fsck', '--strict')).not.toMatch(/error|missing/)
    }
    // A repository of the other hash function has no place here.
    await stand.tree('short')
    await expect(stand.git('short', 'push', '-q', `${stand.url}/me/short.git`, 'main')).rejects.toThrow()
    expect(stand.errors).toEqual([])
  } finally {
    await stand.stop()
  }
})
